package org.sipproxy.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.core.io.support.SpringFactoriesLoader.ArgumentResolver;

/** What Boot prints if the proxy cannot start. */
class FailureAnalysisTest {

    private static final List<String> VALID =
            List.of("sipproxy.listen=udp:127.0.0.1:0", "sipproxy.domain=sip.test", "sipproxy.subscriber=1001:geheim77");

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration(SipProxyAutoConfiguration.class)
    static class Application {}

    static Stream<Arguments> mistakes() {
        return Stream.of(
                mistake("sipproxy.listen=upd:127.0.0.1:5060", "Option: sipproxy.listen[0]", "expected TRANSPORT:HOST"),
                mistake("sipproxy.listen=udp:127.0.0.1:99999", "Option: sipproxy.listen[0]", "99999"),
                mistake("sipproxy.listen=udp:::1:5060", "Option: sipproxy.listen[0]", "brackets"),
                mistake("sipproxy.listen=", "Option: sipproxy.listen", "Reason: is missing"),
                mistake("sipproxy.domain=", "Option: sipproxy.domain", "Reason: is missing"),
                mistake("sipproxy.listen=tls:127.0.0.1:0", "Option: sipproxy.listen", "set sipproxy.tls.certificate"),
                mistake("sipproxy.subscriber=1001", "Option: sipproxy.subscriber[0]", "is not USER:PASSWORD"),
                mistake(
                        "sipproxy.subscriber=1001@sip.test:topsecret",
                        "Option: sipproxy.subscriber[0]",
                        "sipproxy.domain"),
                mistake("sipproxy.subscriber=", "Option: sipproxy.subscriber", "sipproxy.no-auth=true"),
                mistake("sipproxy.no-auth=true", "Option: sipproxy.no-auth", "remove one of them"),
                mistake("sipproxy.nonce-expire=2d", "Option: sipproxy.nonce-expire", "Value: 2d"),
                mistake("sipproxy.max-contacts=65", "Option: sipproxy.max-contacts", "expected 1 to 64"),
                mistake("sipproxy.storage=write-back", "Option: sipproxy.storage", "needs a database"),
                mistake("sipproxy.trust=10.0.0.0/33", "Option: sipproxy.trust", "10.0.0.0/33"),
                mistake("sipproxy.rate-limit=many", "Option: sipproxy.rate-limit", "expected N or N:BURST"),
                mistake("sipproxy.lockout.user-failures=0", "Option: sipproxy.lockout.user-failures", "expected 1 to"),
                mistake("sipproxy.stream-threads=65", "Option: sipproxy.stream-threads", "expected 1 to 64"),
                mistake("sipproxy.udp-receivers=0", "Option: sipproxy.udp-receivers", "expected 1 to 64"),
                mistake("sipproxy.message-bytes=1GB", "Option: sipproxy.message-bytes", "expected"),
                mistake("sipproxy.fallback-route=pstn", "Option: sipproxy.fallback-route", "sipproxy.gateway.pstn"),
                mistake("sipproxy.gateway.pstn.member[0].uri=nonsense", "sipproxy.gateway.pstn", "nonsense"),
                mistake("sipproxy.gateway.pstn.tries=11", "Option: sipproxy.gateway.pstn.tries", "Value: 11"),
                mistake("sipproxy.trunk.carrier.uri=sip:1@carrier.example", "sipproxy.trunk.carrier", "password"),
                mistake("sipproxy.auth-algorithm=MD4", "Option: sipproxy.auth-algorithm", "SHA-256"),
                mistake("sipproxy.tls.certificate=cert.pem", "Option: sipproxy.tls.key", "is missing"),
                mistake("sipproxy.options-when-not-ready=404", "Option: sipproxy.options-when-not-ready", "200 or 503"),
                mistake("sipproxy.drain-time=2h", "Option: sipproxy.drain-time", "expected 0s to 1h"));
    }

    private static Arguments mistake(String property, String... expected) {
        return Arguments.of(property, List.of(expected));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mistakes")
    void aMistakeIsReportedUnderTheNameOfItsProperty(String property, List<String> expected) {
        FailureAnalysis analysis = run(property);

        String printed = analysis.getDescription() + "\n" + analysis.getAction();
        assertThat(printed).contains(expected).doesNotContain("geheim77", "topsecret");
        assertThat(printed).as("only this one").containsOnlyOnce("Option: ");
        assertThat(analysis.getAction()).isNotBlank();
    }

    @Test
    void aContradictionNamesBothProperties() {
        FailureAnalysis analysis = run("sipproxy.default-expires=2h", "sipproxy.max-expires=1h");

        assertThat(analysis.getDescription()).contains("Option: sipproxy.default-expires", "sipproxy.max-expires");
    }

    @Test
    void allMistakesAreReportedAtOnceWithTheirOrigins() {
        FailureAnalysis analysis =
                run("sipproxy.max-contacts=65", "sipproxy.nonce-expire=2d", "sipproxy.listen=upd:127.0.0.1:5060");

        assertThat(analysis.getDescription())
                .contains("sipproxy.max-contacts", "sipproxy.nonce-expire", "sipproxy.listen[0]")
                .contains("Origin: ");
    }

    @Test
    void aPortInUseIsReported() throws Exception {
        try (DatagramSocket other = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            FailureAnalysis analysis = run("sipproxy.listen=udp:127.0.0.1:" + other.getLocalPort());

            assertThat(analysis.getDescription())
                    .contains("sipproxy.listen", "Value: udp:127.0.0.1:" + other.getLocalPort(), "already in use");
            assertThat(analysis.getAction()).contains("listen on another port");
        }
    }

    @Test
    void aMissingCertificateFileIsReported() {
        FailureAnalysis analysis = run(
                "sipproxy.listen=tls:127.0.0.1:0",
                "sipproxy.tls.certificate=/no/such/cert.pem",
                "sipproxy.tls.key=/no/such/key.pem");

        assertThat(analysis.getDescription())
                .contains("Option: sipproxy.tls.certificate", "Value: /no/such/cert.pem", "Option: sipproxy.tls.key");
        assertThat(analysis.getAction()).contains("sipproxy.tls.certificate: check the path");
    }

    /** Starts the application with valid properties and others, and returns the analysis of Boot. */
    private static FailureAnalysis run(String... properties) {
        Map<String, String> all = new java.util.LinkedHashMap<>();
        Stream.concat(VALID.stream(), Stream.of(properties)).forEach(text -> {
            String[] parts = text.split("=", 2);
            all.put(parts[0], parts[1]);
        });
        if (all.get("sipproxy.subscriber").isEmpty()) {
            all.remove("sipproxy.subscriber");
        }
        List<Environment> environments = new ArrayList<>();
        ApplicationListener<ApplicationEnvironmentPreparedEvent> listener =
                event -> environments.add(event.getEnvironment());
        Throwable failure = catchThrowable(() -> new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .bannerMode(org.springframework.boot.Banner.Mode.OFF)
                .logStartupInfo(false)
                .listeners(listener)
                .run(all.entrySet().stream()
                        .map(entry -> "--" + entry.getKey() + "=" + entry.getValue())
                        .toArray(String[]::new))
                .close());
        assertThat(failure).as("the start").isNotNull();
        return SpringFactoriesLoader.forDefaultResourceLocation()
                .load(
                        FailureAnalyzer.class,
                        ArgumentResolver.of(Environment.class, environments.get(0)),
                        FailureAnalysisTest::skip)
                .stream()
                .map(analyzer -> analyzer.analyze(failure))
                .filter(java.util.Objects::nonNull)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no analysis", failure));
    }

    /** Skips an analyzer of Boot that needs a bean factory. */
    private static void skip(Class<?> type, String name, Throwable cause) {}
}
