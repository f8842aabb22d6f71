package org.sipproxy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.security.Lockout;
import org.springframework.boot.json.JsonParserFactory;

/** The page of the starter, the metadata of its properties, and the options of the server. */
class PropertiesPageTest {

    /** Options of the server without a property, with the reason. */
    private static final Map<String, String> SERVER_ONLY = new TreeMap<>();

    static {
        String spring = "Spring has its own";
        for (String option : List.of("config", "log-level", "log-format", "database-url", "database-user")) {
            SERVER_ONLY.put(option, spring);
        }
        SERVER_ONLY.put("database-password-file", spring);
        SERVER_ONLY.put("database", "an embedded database is for trials of the server");
        SERVER_ONLY.put("control", "the actuator");
        for (String option : List.of("web", "web-token-file", "web-name")) {
            SERVER_ONLY.put(option, "the actuator");
        }
        for (String option : List.of("pcap", "pcap-size", "pcap-files", "hep", "hep-id", "hep-key-file")) {
            SERVER_ONLY.put(option, "is part of the server; a WireListener bean sees all messages");
        }
        SERVER_ONLY.put("tls-self-signed", "generates files; openssl does it too");
        SERVER_ONLY.put("tls-key-password-file", "sipproxy.tls.key-password, from a file by a configtree import");
        SERVER_ONLY.put("secret-file", "sipproxy.secret, from a file by a configtree import");
        for (String option : List.of(
                "gateway-algorithm",
                "gateway-probe",
                "gateway-accept",
                "gateway-down-after",
                "gateway-up-after",
                "gateway-respond-within",
                "gateway-tries",
                "gateway-probe-only-down",
                "gateway-probe-time-limit",
                "gateway-probe-from",
                "gateway-recover-after",
                "gateway-as-proxy")) {
            SERVER_ONLY.put(option, "a property of each set");
        }
    }

    /** Properties without an option of the server. */
    private static final Set<String> STARTER_ONLY = Set.of(
            "enabled",
            "name",
            "log-context",
            "call-drain-time",
            "secret",
            "initialize-schema",
            "sha256-column",
            "user-case-sensitive",
            "third-party-calls",
            "tls.bundle",
            "tls.key-password",
            "lockout.enabled");

    @Test
    void theTablesAreThoseOfTheMetadata() throws IOException {
        String page = page();
        List<String> missing =
                rows().stream().filter(row -> !page.contains(row)).toList();

        assertThat(missing).as("rows of docs/spring-boot.md").isEmpty();
    }

    private static List<String> rows() {
        List<String> rows = new ArrayList<>();
        for (Map<String, Object> property : metadata()) {
            String name = (String) property.get("name");
            Object value = property.get("defaultValue");
            String shown = value instanceof List<?> list
                    ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
                    : value == null
                            ? ""
                            : String.valueOf(value).replaceAll("^\\[|]$", "").replace(", ", ",");
            rows.add("| `" + name.substring("sipproxy.".length()) + "` | "
                    + (shown.isEmpty() ? "" : "`" + shown + "` ") + "| "
                    + String.valueOf(property.get("description")).replace("|", "\\|") + " |");
        }
        return rows;
    }

    /** The sample application is compiled and tested with both versions of Boot. */
    @Test
    void theJavaOfThePageIsThatOfTheSampleApplication() throws IOException {
        String page = page();
        Path sources = doc("x").resolveSibling("../hosts/spring-boot/src").normalize();
        String sample;
        try (java.util.stream.Stream<Path> files = Files.walk(sources)) {
            StringBuilder all = new StringBuilder();
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.append(Files.readString(file)).append('\n');
            }
            sample = all.toString().replaceAll("\\s+", "");
        }
        List<String> blocks = new ArrayList<>();
        Matcher matcher = Pattern.compile("(?s)```java\n(.*?)```").matcher(page);
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        assertThat(blocks)
                .hasSizeGreaterThan(2)
                .allSatisfy(block -> assertThat(sample).contains(block.replaceAll("\\s+", "")));
    }

    @Test
    void everyPropertyHasADescriptionAndAPlainType() {
        assertThat(metadata()).hasSizeGreaterThan(100).allSatisfy(property -> {
            assertThat((String) property.get("description")).endsWith(".").matches("(?s)[A-Z].*");
            assertThat((String) property.get("type")).doesNotContain("@");
        });
    }

    @Test
    void aPropertyHasTheNameOfTheOptionOfTheServer() throws IOException {
        Set<String> options = new TreeSet<>();
        Matcher matcher = Pattern.compile("`--([a-z0-9-]+)").matcher(Files.readString(doc("options.md")));
        while (matcher.find()) {
            options.add(matcher.group(1));
        }
        options.remove("no-"); // not an option
        Set<String> properties = metadata().stream()
                .map(property -> ((String) property.get("name")).substring("sipproxy.".length()))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> asOptions = properties.stream()
                .filter(name -> !STARTER_ONLY.contains(name))
                .map(name -> name.endsWith(".enabled") ? name.substring(0, name.indexOf('.')) : name.replace('.', '-'))
                .collect(Collectors.toCollection(TreeSet::new));

        Set<String> withoutOption = new TreeSet<>(asOptions);
        withoutOption.removeAll(options);
        assertThat(withoutOption).as("properties that the server does not have").isEmpty();
        Set<String> withoutProperty = new TreeSet<>(options);
        withoutProperty.removeAll(asOptions);
        assertThat(withoutProperty).as("options without a property").isEqualTo(SERVER_ONLY.keySet());
        assertThat(properties).containsAll(STARTER_ONLY);
    }

    @Test
    void thePageNamesEveryPropertyOfASetAMemberARouteAndATrunk() throws IOException {
        String page = page();
        for (Class<?> type : List.of(
                GatewayProperties.GatewaySetProperties.class,
                GatewayProperties.Member.class,
                GatewayProperties.PrefixRoute.class,
                TrunkProperties.class)) {
            assertThat(Arrays.stream(type.getRecordComponents())
                            .map(RecordComponent::getName)
                            .map(name -> name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT)))
                    .as(type.getSimpleName())
                    .allSatisfy(name -> assertThat(page).contains("`" + name + "`"));
        }
    }

    @Test
    void theDefaultsAreThoseOfTheLibrary() {
        Map<String, Object> defaults = metadata().stream()
                .filter(property -> property.get("defaultValue") != null)
                .collect(Collectors.toMap(
                        property -> ((String) property.get("name")).substring("sipproxy.".length()),
                        property -> property.get("defaultValue")));
        RegistrarPolicy registrar = RegistrarPolicy.DEFAULT;
        assertThat(defaults).containsEntry("max-contacts", registrar.maxContacts());
        assertThat(defaults).containsEntry("contact-matching", OptionNames.of(registrar.contactMatching()));
        assertThat(defaults).containsEntry("when-full", OptionNames.of(registrar.whenFull()));
        assertThat(defaults).containsEntry("connection-loss", OptionNames.of(registrar.connectionLoss()));
        assertThat(defaults).containsEntry("path-without-supported", OptionNames.of(registrar.pathWithoutSupported()));
        SipTimers timers = SipTimers.DEFAULT;
        assertThat(duration(defaults, "t1")).isEqualTo(timers.t1());
        assertThat(duration(defaults, "t4")).isEqualTo(timers.t4());
        assertThat(duration(defaults, "transaction-timeout")).isEqualTo(timers.transactionTimeout());
        assertThat(duration(defaults, "ring-timeout")).isEqualTo(timers.ringTimeout());
        NextHopPolicy hops = NextHopPolicy.DEFAULT;
        assertThat(defaults).containsEntry("largest-udp-request", hops.largestUdpRequest());
        assertThat(duration(defaults, "tcp-attempt")).isEqualTo(hops.tcpAttempt());
        assertThat(duration(defaults, "failed-hop-memory")).isEqualTo(hops.failureMemory());
        StreamLimits streams = StreamLimits.DEFAULT;
        assertThat(defaults).containsEntry("connections", streams.connections());
        assertThat(defaults).containsEntry("connections-per-source", streams.connectionsPerSource());
        assertThat(duration(defaults, "first-message-timeout")).isEqualTo(streams.firstMessageTimeout());
        assertThat(duration(defaults, "message-timeout")).isEqualTo(streams.messageTimeout());
        assertThat(duration(defaults, "idle-timeout")).isEqualTo(streams.idleTimeout());
        assertThat(duration(defaults, "connect-timeout")).isEqualTo(streams.connectTimeout());
        assertThat(duration(defaults, "websocket-ping")).isEqualTo(streams.webSocketPing());
        assertThat(bytes(defaults, "buffered-bytes")).isEqualTo(streams.bufferedBytes());
        ParseLimits parse = ParseLimits.DEFAULT;
        assertThat(bytes(defaults, "message-bytes")).isEqualTo(parse.messageBytes());
        assertThat(bytes(defaults, "header-bytes")).isEqualTo(parse.headerLineBytes());
        assertThat(defaults).containsEntry("headers", parse.headers());
        assertThat(defaults).containsEntry("list-elements", parse.listElements());
        CallSettings calls = CallSettings.DEFAULT;
        assertThat(duration(defaults, "calls.max-duration")).isEqualTo(calls.maxDuration());
        Lockout lockout = Lockout.DEFAULT;
        assertThat(defaults).containsEntry("lockout.user-failures", lockout.userFailures());
        assertThat(defaults).containsEntry("lockout.source-failures", lockout.sourceFailures());
        assertThat(duration(defaults, "lockout.first")).isEqualTo(lockout.first());
        assertThat(duration(defaults, "lockout.longest")).isEqualTo(lockout.longest());
    }

    private static java.time.Duration duration(Map<String, Object> defaults, String name) {
        return org.springframework.boot.convert.DurationStyle.detectAndParse((String) defaults.get(name));
    }

    private static long bytes(Map<String, Object> defaults, String name) {
        return org.springframework.util.unit.DataSize.parse((String) defaults.get(name))
                .toBytes();
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> metadata() {
        try (InputStream in =
                SipProxyProperties.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            List<Map<String, Object>> properties = (List<Map<String, Object>>)
                    JsonParserFactory.getJsonParser().parseMap(text).get("properties");
            return properties.stream()
                    .filter(property -> ((String) property.get("name")).startsWith("sipproxy."))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String page() throws IOException {
        return Files.readString(doc("spring-boot.md"));
    }

    private static Path doc(String name) {
        Path page = Path.of("docs").resolve(name);
        return (Files.exists(page) ? page : Path.of("..").resolve(page)).toAbsolutePath();
    }
}
