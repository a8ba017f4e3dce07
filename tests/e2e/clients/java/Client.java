// Client.java URL INDEX: uses a cluster through Elasticsearch's low-level Java client, with its connection pool, and
// prints every answer's status and body, with what changes from run to run blanked.

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.http.HttpHost;
import org.apache.http.util.EntityUtils;
import org.elasticsearch.client.Request;
import org.elasticsearch.client.Response;
import org.elasticsearch.client.ResponseException;
import org.elasticsearch.client.ResponseListener;
import org.elasticsearch.client.RestClient;

public class Client {
    static final int ASYNCHRONOUS = 200;

    static RestClient client;

    static void call(String method, String path, String body) throws Exception {
        Request request = new Request(method, path);
        if (body != null) {
            request.setJsonEntity(body);
        }
        Response response;
        try {
            response = client.performRequest(request);
        } catch (ResponseException refused) {
            response = refused.getResponse();
        }
        String text = response.getEntity() == null ? "" : EntityUtils.toString(response.getEntity());
        text = text.replaceAll("\"(took|_seq_no|_version)\":\\d+", "\"$1\":0").replaceAll("\"index_uuid\":\"[^\"]*\"", "");
        System.out.println(method + " " + path + " " + response.getStatusLine() + " " + text.replace("\n", "\\n"));
    }

    public static void main(String[] arguments) throws Exception {
        String index = "/" + arguments[1];
        client = RestClient.builder(HttpHost.create(arguments[0])).build();
        call("DELETE", index, null);
        call("PUT", index, "{\"settings\":{\"number_of_shards\":1,\"number_of_replicas\":0}}");
        StringBuilder bulk = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            bulk.append("{\"index\":{\"_id\":\"").append(i).append("\"}}\n{\"n\":").append(i).append("}\n");
        }
        call("POST", index + "/_bulk?refresh=true&filter_path=errors", bulk.toString());
        call("HEAD", index + "/_doc/1", null);
        call("HEAD", index + "/_doc/missing", null);
        call("GET", index + "/_doc/7", null);
        call("POST", index + "/_search", "{\"query\":{\"range\":{\"n\":{\"lt\":5}}},\"sort\":[\"n\"]}");
        call("DELETE", index + "/_doc/7", null);
        call("PUT", index + "/_doc/8?op_type=create", "{}");
        // Over all connections of the pool at once.
        CountDownLatch done = new CountDownLatch(ASYNCHRONOUS);
        AtomicInteger created = new AtomicInteger();
        for (int i = 0; i < ASYNCHRONOUS; i++) {
            Request request = new Request("PUT", index + "/_doc/async-" + i);
            request.setJsonEntity("{\"async\":" + i + "}");
            client.performRequestAsync(request, new ResponseListener() {
                public void onSuccess(Response response) {
                    created.addAndGet(response.getStatusLine().getStatusCode() == 201 ? 1 : 0);
                    done.countDown();
                }

                public void onFailure(Exception error) {
                    System.out.println("failed: " + error);
                    done.countDown();
                }
            });
        }
        done.await();
        System.out.println("created " + created);
        call("GET", index + "/_count?filter_path=count&q=none:none", null);
        client.close();
    }
}
