package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

/** What a server process with a database shows of two phones and a call: its log, /metrics and /health. */
@Timeout(180)
class ObservedServerTest {

    /** Metrics that begin with these words are exported by this server; others are Prometheus' own. */
    private static final Pattern METRIC =
            Pattern.compile("\\b((?:sip_proxy|jvm|process|hikaricp)_[a-z0-9_]+)(?:\\{([^}]*)\\})?");

    private static final Pattern LABEL = Pattern.compile("(\\w+)\\s*=~?\\s*\"");
    private static final Pattern SAMPLE = Pattern.compile("(?m)^(\\w+)(?:\\{(.*)\\})? \\S+$");

    /** Added by Prometheus or by the query itself. */
    private static final Set<String> FOREIGN_LABELS = Set.of("instance", "job");

    @TempDir
    private static Path recordings;

    private static JavaProcess server;
    private static String web;
    private static int port;

    @BeforeAll
    static void start() throws Exception {
        server = JavaProcess.start(
                Launcher.class,
                "run",
                "--listen=udp:127.0.0.1:0",
                "--domain=sip.test",
                "--subscriber=1001:test1234",
                "--subscriber=1002:test1234",
                "--database=embedded",
                "--storage=write-through",
                "--accounting",
                "--web=127.0.0.1:0",
                "--pcap=" + recordings.resolve("sip.pcap"),
                "--log-format=json");
        port = LauncherProcessTest.udpPort(server.awaitLine("READY"));
        await().until(() -> server.err().stream().anyMatch(line -> line.contains("web: http://")));
        web = server.err().stream()
                .map(Pattern.compile("web: (http://[\\d.:]+)")::matcher)
                .filter(Matcher::find)
                .map(found -> found.group(1))
                .findFirst()
                .orElseThrow();
        traffic();
    }

    /** Ends it with SIGTERM: a killed server leaves its PostgreSQL behind. */
    @AfterAll
    static void stop() throws Exception {
        try (JavaProcess ending = server) {
            ending.terminate();
            ending.awaitExit();
        }
    }

    private static Phone phone(String user, String password) {
        return Phone.builder(user)
                .domain("sip.test")
                .password(password)
                .proxy(new InetSocketAddress("127.0.0.1", port))
                .open();
    }

    /** A call that is answered, one that is refused, a wrong password, and phones that leave. */
    private static void traffic() {
        try (Phone caller = phone("1001", "test1234");
                Phone callee = phone("1002", "test1234");
                Phone intruder = phone("1001", "guessed")) {
            caller.register();
            callee.register();
            OutgoingCall call = caller.call("1002");
            IncomingCall incoming = callee.awaitCall();
            incoming.ring();
            incoming.answer();
            call.awaitAnswer();
            call.hangUp();
            caller.call("1003").awaitStatus(404);
            intruder.send("REGISTER", "sip:sip.test");
            callee.unregister();
        }
    }

    private static String get(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(web + path)).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return response.body();
    }

    // ---- the log

    private static List<JsonObject> lines(String logger) {
        return server.err().stream()
                .filter(line -> line.startsWith("{"))
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .filter(line -> line.get("logger").getAsString().equals("org.sipproxy." + logger))
                .toList();
    }

    private static List<String> words(String logger) {
        return lines(logger).stream()
                .map(line -> line.get("message").getAsString().split(" ", 2)[0])
                .toList();
    }

    @Test
    void eachEventHasOneLineWithTheCallId() {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() ->
                        assertThat(words("registrar")).containsExactly("REGISTERED", "REGISTERED", "UNREGISTERED"));
        await().untilAsserted(() -> assertThat(words("calls")).containsExactly("CALL-STARTED", "CALL-ENDED"));
        await().untilAsserted(() -> assertThat(words("refusals")).containsExactly("REFUSED"));
        assertThat(lines("audit"))
                .anyMatch(line -> line.get("message").getAsString().contains("WRONG_PASSWORD"));
        for (String logger : List.of("registrar", "calls", "refusals")) {
            assertThat(lines(logger)).allSatisfy(line -> {
                assertThat(line.get("level").getAsString()).isEqualTo("INFO");
                assertThat(line.get("sip.callId").getAsString()).isNotEmpty();
                assertThat(line.get("message").getAsString())
                        .contains("call-id=\"" + line.get("sip.callId").getAsString() + "\"");
            });
        }
        assertThat(lines("calls").get(1).get("message").getAsString())
                .matches("CALL-ENDED caller=<sip:1001@sip\\.test> callee=<sip:1002@sip\\.test> setup=\\d+\\.\\d\\ds"
                        + " duration=\\d+\\.\\d\\ds by=CALLER reason=BYE status=0 text=\"\" call-id=\"[^\"]+\"");
    }

    // ---- metrics and health

    /** Returns the labels of each metric that the server prints. */
    private static Map<String, Set<String>> exported() throws IOException, InterruptedException {
        Map<String, Set<String>> labels = new HashMap<>();
        Matcher sample = SAMPLE.matcher(get("/metrics"));
        while (sample.find()) {
            Set<String> known = labels.computeIfAbsent(sample.group(1), name -> new TreeSet<>());
            Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
            while (label.find()) {
                known.add(label.group(1));
            }
        }
        return labels;
    }

    private static void checkQueries(List<String> queries) throws IOException, InterruptedException {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> exported()
                        .keySet()
                        .containsAll(Set.of(
                                "sip_proxy_calls_ended_total",
                                "sip_proxy_calls_setup_seconds_bucket",
                                "sip_proxy_calls_duration_seconds_sum",
                                "sip_proxy_bindings_removed_total",
                                "sip_proxy_refusals_total",
                                "sip_proxy_security_events_total",
                                "jvm_gc_pause_seconds_sum")));
        Map<String, Set<String>> exported = exported();
        for (String query : queries) {
            Set<String> used = new TreeSet<>();
            Set<String> labels = new TreeSet<>();
            Matcher metric = METRIC.matcher(query);
            while (metric.find()) {
                assertThat(exported).as(query).containsKey(metric.group(1));
                labels.addAll(exported.get(metric.group(1)));
                Matcher label = LABEL.matcher(metric.group(2) == null ? "" : metric.group(2));
                while (label.find()) {
                    used.add(label.group(1));
                }
            }
            Matcher by = Pattern.compile("\\bby \\(([^)]*)\\)").matcher(query);
            while (by.find()) {
                used.addAll(List.of(by.group(1).split(", *", -1)));
            }
            used.removeAll(FOREIGN_LABELS);
            assertThat(labels).as(query).containsAll(used);
        }
    }

    @Test
    void everyQueryOfTheDashboardHasItsMetricAndLabels() throws Exception {
        JsonElement dashboard = JsonParser.parseString(Files.readString(Path.of("../dashboards/sipproxy.json")));
        List<String> queries = new ArrayList<>();
        for (JsonElement panel : dashboard.getAsJsonObject().getAsJsonArray("panels")) {
            JsonElement targets = panel.getAsJsonObject().get("targets");
            if (targets != null) {
                targets.getAsJsonArray()
                        .forEach(target ->
                                queries.add(target.getAsJsonObject().get("expr").getAsString()));
            }
        }
        assertThat(queries)
                .hasSizeGreaterThan(30)
                .allMatch(query -> METRIC.matcher(query).find());
        checkQueries(queries);
    }

    @Test
    void everyAlertHasItsMetricAndLabels() throws Exception {
        Matcher block =
                Pattern.compile("(?s)```yaml\n(.*?)```").matcher(Files.readString(Path.of("../docs/metrics.md")));
        assertThat(block.find()).isTrue();
        List<String> rules = new ArrayList<>();
        Matcher expr = Pattern.compile("(?m)^ +expr: (.*)$").matcher(block.group(1));
        while (expr.find()) {
            rules.add(expr.group(1));
        }
        assertThat(rules).hasSizeGreaterThan(8);
        assertThat(rules.get(0)).isEqualTo("up{job=\"sipproxy\"} == 0"); // Prometheus' own
        checkQueries(rules);
    }

    @Test
    void operationsOnTheDatabaseAreTimed() throws Exception {
        await().untilAsserted(() -> assertThat(get("/metrics"))
                .contains("sip_proxy_database_seconds_count{operation=\"bindings.write\",outcome=\"success\"}")
                .contains("sip_proxy_database_seconds_count{operation=\"subscribers.read\",outcome=\"success\"}")
                .contains("sip_proxy_database_seconds_count{operation=\"accounting.write\",outcome=\"success\"}"));
    }

    @Test
    void healthIsReadyWithTheDatabase() throws Exception {
        assertThat(get("/health/ready")).contains("\"status\":\"ready\"");
        assertThat(get("/health")).contains("\"database_responds\":true");
    }

    @Test
    void recordedMessagesAreCounted() throws Exception {
        await().untilAsserted(() -> assertThat(get("/metrics"))
                .containsPattern("sip_server_recorded_messages_total\\{outcome=\"passed\",to=\"pcap\"} [1-9]")
                .containsPattern("sip_server_recorded_messages_total\\{outcome=\"dropped\",to=\"pcap\"} 0"));
    }
}
