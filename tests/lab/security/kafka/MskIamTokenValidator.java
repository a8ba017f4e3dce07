// Checks Amazon MSK IAM tokens on an OAUTHBEARER listener: base64url of a presigned kafka-cluster:Connect URL.
// JAAS options: accessKey, secretKey, region, seconds (how long a token holds, if less than it says). Shape, age and SigV4 signature are verified; what came is told on stderr.
package lab;

import java.io.IOException;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.*;
import java.time.format.DateTimeFormatter;
import java.util.*;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.security.auth.callback.*;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.*;

public class MskIamTokenValidator implements AuthenticateCallbackHandler {
  private String accessKey, secretKey, region, seconds;

  @Override public void configure(Map<String, ?> cfg, String mechanism, List<AppConfigurationEntry> jaas) {
    Map<String, ?> o = jaas.get(0).getOptions();
    accessKey = (String) o.get("accessKey"); secretKey = (String) o.get("secretKey"); region = (String) o.get("region");
    seconds = (String) o.get("seconds");
  }
  @Override public void close() {}

  @Override public void handle(Callback[] cbs) throws IOException, UnsupportedCallbackException {
    for (Callback c : cbs) {
      if (c instanceof OAuthBearerValidatorCallback v) {
        try {
          v.token(check(v.tokenValue()));
          System.err.println("MskIamTokenValidator: accepted " + sha(v.tokenValue()));
        }
        catch (Exception e) { System.err.println("MskIamTokenValidator: refused: " + e.getMessage()); v.error("invalid_token", null, null); }
      } else if (c instanceof OAuthBearerExtensionsValidatorCallback x) x.inputExtensions().map().keySet().forEach(x::valid);
      else throw new UnsupportedCallbackException(c);
    }
  }

  OAuthBearerToken check(String token) throws Exception {
    URI u = new URI(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8));
    Map<String, String> raw = new TreeMap<>(), q = new HashMap<>();
    for (String kv : u.getRawQuery().split("&")) { String[] p = kv.split("=", 2); raw.put(p[0], p[1]); q.put(p[0], URLDecoder.decode(p[1], StandardCharsets.UTF_8)); }
    need("https".equals(u.getScheme()) && ("kafka." + region + ".amazonaws.com").equals(u.getHost()), "host " + u.getHost());
    need("kafka-cluster:Connect".equals(q.get("Action")) && "AWS4-HMAC-SHA256".equals(q.get("X-Amz-Algorithm")), "action or algorithm");
    DateTimeFormatter f = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
    String date = q.get("X-Amz-Date"), scope = date.substring(0, 8) + "/" + region + "/kafka-cluster/aws4_request";
    Instant start = Instant.from(f.parse(date)), end = start.plusSeconds(Long.parseLong(seconds != null ? seconds : q.get("X-Amz-Expires"))), now = Instant.now();
    need(!now.isAfter(end) && !now.isBefore(start.minusSeconds(300)), "expired or not yet valid");
    need((accessKey + "/" + scope).equals(q.get("X-Amz-Credential")), "credential " + q.get("X-Amz-Credential"));
    String query = raw.entrySet().stream().filter(e -> !e.getKey().equals("X-Amz-Signature") && !e.getKey().equals("User-Agent"))
        .map(e -> e.getKey() + "=" + e.getValue()).collect(Collectors.joining("&"));
    String canon = "GET\n/\n" + query + "\nhost:" + u.getHost() + "\n\nhost\n" + sha("");
    byte[] k = ("AWS4" + secretKey).getBytes(StandardCharsets.UTF_8);
    for (String s : scope.split("/")) k = mac(k, s);
    String sig = HexFormat.of().formatHex(mac(k, "AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + sha(canon)));
    need(sig.equals(q.get("X-Amz-Signature")), "signature");
    return new OAuthBearerToken() {
      public String value() { return token; }
      public Set<String> scope() { return Set.of(); }
      public long lifetimeMs() { return end.toEpochMilli(); }
      public String principalName() { return accessKey; }
      public Long startTimeMs() { return start.toEpochMilli(); }
    };
  }
  static void need(boolean ok, String why) { if (!ok) throw new IllegalArgumentException(why); }
  static String sha(String s) throws Exception { return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(s.getBytes(StandardCharsets.UTF_8))); }
  static byte[] mac(byte[] k, String s) throws Exception { Mac m = Mac.getInstance("HmacSHA256"); m.init(new SecretKeySpec(k, "HmacSHA256")); return m.doFinal(s.getBytes(StandardCharsets.UTF_8)); }
}
