// Command elasticsearch URL INDEX uses a cluster as an application does, through Elastic's client.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/elastic/go-elasticsearch/v7"
	"github.com/elastic/go-elasticsearch/v7/esapi"
	"github.com/elastic/go-elasticsearch/v7/esutil"

	"switchover/clients/recording"
)

// must ends the program when a call failed otherwise than by its status.
func must(response *esapi.Response, err error) {
	if err != nil {
		log.Fatal(err)
	}
	response.Body.Close()
}

func main() {
	transport := recording.New()
	client, err := elasticsearch.NewClient(elasticsearch.Config{
		Addresses: []string{os.Args[1]}, Transport: transport, DisableRetry: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	index := os.Args[2]
	must(client.Info())
	must(client.Indices.Create(index, client.Indices.Create.WithBody(strings.NewReader(
		`{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"properties":{"n":{"type":"long"}}}}`))))
	must(client.Indices.Exists([]string{index}))
	for number := 0; number < 10; number++ {
		document := strings.NewReader(fmt.Sprintf(`{"name":"n%d é中","n":%d}`, number, number))
		must(client.Index(index, document, client.Index.WithDocumentID(fmt.Sprint(number))))
	}
	// A body whose length is not known beforehand goes out in chunks.
	must(client.Index(index, struct{ *bytes.Buffer }{bytes.NewBufferString(`{"n":77}`)}, client.Index.WithDocumentID("chunked")))
	must(client.Update(index, "1", strings.NewReader(`{"doc":{"n":100}}`)))
	must(client.Delete(index, "3"))
	must(client.Get(index, "missing"))
	must(client.Create(index, "1", strings.NewReader(`{"n":1}`)))
	must(client.Indices.Refresh(client.Indices.Refresh.WithIndex(index)))
	must(client.Exists(index, "1"))
	must(client.Exists(index, "missing"))
	must(client.Get(index, "2"))
	must(client.Mget(strings.NewReader(`{"ids":["1","2","missing"]}`), client.Mget.WithIndex(index)))
	must(client.Count(client.Count.WithIndex(index)))
	must(client.Search(client.Search.WithIndex(index), client.Search.WithSort("n"),
		client.Search.WithBody(strings.NewReader(`{"query":{"range":{"n":{"lt":5}}}}`))))

	transport.Together(true)
	bulk, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{Client: client, Index: index, NumWorkers: 4, FlushBytes: 2000})
	if err != nil {
		log.Fatal(err)
	}
	for number := 0; number < 1000; number++ {
		item := esutil.BulkIndexerItem{
			Action: "index", DocumentID: fmt.Sprintf("bulk-%d", number), Body: strings.NewReader(fmt.Sprintf(`{"n":%d}`, number)),
		}
		if err := bulk.Add(context.Background(), item); err != nil {
			log.Fatal(err)
		}
	}
	if err := bulk.Close(context.Background()); err != nil {
		log.Fatal(err)
	}
	if stats := bulk.Stats(); stats.NumFlushed != 1000 || stats.NumFailed != 0 {
		log.Fatalf("%+v", stats)
	}
	transport.Together(false)

	must(client.Indices.Refresh(client.Indices.Refresh.WithIndex(index)))
	must(client.Count(client.Count.WithIndex(index)))
	must(client.Indices.Delete([]string{index}))
}
