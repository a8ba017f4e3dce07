// Command opensearch URL INDEX uses a cluster as an application does, through OpenSearch's client.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"

	"github.com/opensearch-project/opensearch-go/v2"
	"github.com/opensearch-project/opensearch-go/v2/opensearchapi"

	"switchover/clients/recording"
)

func main() {
	transport := recording.New()
	client, err := opensearch.NewClient(opensearch.Config{
		Addresses: []string{os.Args[1]}, Transport: transport, DisableRetry: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	index := os.Args[2]
	do := func(request opensearchapi.Request) {
		response, err := request.Do(context.Background(), client)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
	}
	do(opensearchapi.InfoRequest{})
	do(opensearchapi.IndicesCreateRequest{Index: index, Body: strings.NewReader(
		`{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"properties":{"n":{"type":"long"}}}}`)})
	for number := 0; number < 10; number++ {
		do(opensearchapi.IndexRequest{
			Index: index, DocumentID: fmt.Sprint(number), Body: strings.NewReader(fmt.Sprintf(`{"name":"n%d é中","n":%d}`, number, number)),
		})
	}
	var lines strings.Builder
	for number := 0; number < 500; number++ {
		fmt.Fprintf(&lines, "{\"index\":{\"_id\":\"bulk-%d\"}}\n{\"n\":%d}\n", number, number)
	}
	do(opensearchapi.BulkRequest{Index: index, Body: strings.NewReader(lines.String())})
	do(opensearchapi.UpdateRequest{Index: index, DocumentID: "1", Body: strings.NewReader(`{"doc":{"n":100}}`)})
	do(opensearchapi.DeleteRequest{Index: index, DocumentID: "3"})
	do(opensearchapi.GetRequest{Index: index, DocumentID: "missing"})
	do(opensearchapi.CreateRequest{Index: index, DocumentID: "1", Body: strings.NewReader(`{"n":1}`)})
	do(opensearchapi.IndicesRefreshRequest{Index: []string{index}})
	do(opensearchapi.ExistsRequest{Index: index, DocumentID: "1"})
	do(opensearchapi.GetRequest{Index: index, DocumentID: "2"})
	do(opensearchapi.SearchRequest{
		Index: []string{index}, Sort: []string{"n", "_id"}, Body: strings.NewReader(`{"query":{"range":{"n":{"lt":5}}}}`),
	})

	transport.Together(true)
	var working sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		working.Add(1)
		go func(worker int) {
			defer working.Done()
			for number := 0; number < 25; number++ {
				do(opensearchapi.IndexRequest{
					Index: index, DocumentID: fmt.Sprintf("%d-%d", worker, number), Body: strings.NewReader(`{}`),
				})
			}
		}(worker)
	}
	working.Wait()
	transport.Together(false)

	do(opensearchapi.IndicesRefreshRequest{Index: []string{index}})
	do(opensearchapi.CountRequest{Index: []string{index}})
	do(opensearchapi.IndicesDeleteRequest{Index: []string{index}})
}
