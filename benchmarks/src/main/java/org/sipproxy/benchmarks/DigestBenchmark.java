package org.sipproxy.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Cost of digest authentication for one REGISTER. Each request is used once, because a nonce count may be. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 10)
@Measurement(iterations = 20)
@Fork(1)
public class DigestBenchmark {

    private static final int REQUESTS = 20_000;

    /** Credentials in the requests. */
    @Param({"nothing", "MD5", "SHA-256", "wrong", "unknown"})
    public String credentials = "";

    private DigestAuthentication authentication = authentication();
    private final FakeStageContext[] requests = new FakeStageContext[REQUESTS];

    private static DigestAuthentication authentication() {
        return DigestAuthentication.builder()
                .credentials(InMemoryCredentials.of(Credential.ofPassword("1001", "example.org", "secret")))
                .build();
    }

    /** Creates as many requests as one invocation uses. */
    @Setup(Level.Invocation)
    public void setUp() throws Exception {
        authentication = authentication();
        Verdict.Respond challenge = (Verdict.Respond) authentication.handle(context(""));
        String line = challenge.headerLines().get(0);
        int start = line.indexOf("nonce=\"") + 7;
        String nonce = line.substring(start, line.indexOf('"', start));
        for (int i = 0; i < REQUESTS; i++) {
            requests[i] = context(authorization(nonce, i + 1));
        }
    }

    private static FakeStageContext context(String lines) throws SipParseException {
        return new FakeStageContext(request(lines), FakeStageContext.START);
    }

    private String authorization(String nonce, int count) {
        if (credentials.equals("nothing")) {
            return "";
        }
        DigestCredentials proof = DigestCredentials.of(
                        credentials.equals("unknown") ? "9999" : "1001",
                        "example.org",
                        credentials.equals("wrong") ? "guess" : "secret",
                        nonce)
                .algorithm(credentials.equals("SHA-256") ? DigestAlgorithm.SHA_256 : DigestAlgorithm.MD5)
                .with("nc", HexFormat.of().toHexDigits(count));
        return "Authorization: " + proof.value() + "\r\n";
    }

    static SipRequest request(String lines) throws SipParseException {
        String text = "REGISTER sip:example.org SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK74bf9;rport\r\n"
                + "Max-Forwards: 70\r\nFrom: <sip:1001@example.org>;tag=9fxced76sl\r\nTo: <sip:1001@example.org>\r\n"
                + "Call-ID: 3848276298220188511@198.51.100.7\r\nCSeq: 2 REGISTER\r\n"
                + "Contact: <sip:1001@198.51.100.7>\r\n" + lines + "Content-Length: 0\r\n\r\n";
        return (SipRequest) SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
    }

    /** Calls the stage once for each request. */
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public void handle(Blackhole sink) {
        for (FakeStageContext request : requests) {
            sink.consume(authentication.handle(request));
        }
    }
}
