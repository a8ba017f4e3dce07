module switchover/clients

go 1.19

require (
	github.com/elastic/go-elasticsearch/v7 v7.13.1
	github.com/opensearch-project/opensearch-go/v2 v2.3.0
)
