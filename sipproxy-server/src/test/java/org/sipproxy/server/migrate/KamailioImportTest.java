package org.sipproxy.server.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options and explanations for configurations. */
class KamailioImportTest {

    private static final String SIMPLE = """
        listen=udp:192.0.2.1:5060
        alias=sip.test
        request_route {
            t_relay();
        }
        """;

    @TempDir
    private Path directory;

    private List<String> lines(String text, String... defined) throws IOException {
        Path file = Files.writeString(directory.resolve("k.cfg"), text);
        return KamailioImport.read(file, Optional.empty(), Arrays.asList(defined), "")
                .configuration();
    }

    private static List<String> options(List<String> lines) {
        return lines.stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }

    /** Returns the explanations, each on one line. */
    private static String remarks(List<String> lines) {
        return String.join("\n", lines).replaceAll("\n# {5}", " ");
    }

    @Test
    void whatABlockDoesIsExplainedBeforeWhatItTests() throws IOException {
        String remarks = remarks(lines("""
                listen=udp:192.0.2.1:5060
                alias=sip.test
                request_route {
                    if (is_method("INVITE") && $rU =~ "^00" && from_uri==myself && has_totag()) {
                        uac_replace_from("sip:1234@carrier.example");
                    }
                    uac_restore_from();
                    t_relay();
                }
                """));

        assertThat(remarks)
                .contains("uac_replace_from: only calls of a trunk: its identity=from")
                .contains("uac_restore_from: nothing, a trunk with identity=from restores From itself");
    }

    @Test
    void theManualsConfigurationBecomesOptions() throws IOException {
        Path configuration = Resources.copy("manual.cfg", directory);
        Path kamctlrc = Resources.copy("manual-kamctlrc", directory);

        KamailioImport imported = KamailioImport.read(configuration, Optional.of(kamctlrc), List.of(), "");

        assertThat(options(imported.configuration()))
                .containsExactly(
                        "listen udp:192.168.1.50:5060",
                        "listen tcp:192.168.1.50:5060",
                        "domain sip.yourdomain.com",
                        "database-url jdbc:postgresql://localhost/kamailio",
                        "database-user kamailio",
                        "storage write-back",
                        "flush-interval 60s",
                        "tables none",
                        "password-column password",
                        "nat",
                        "nat-ping 15s",
                        "nat-ping-method EMPTY",
                        "log-level debug",
                        "nonce-expire 300s");
        assertThat(remarks(imported.configuration()))
                .contains("manual.cfg:4: WITH_POSTGRES is defined, but no line of the configuration asks for it")
                .contains("manual.cfg:86: only REGISTER needs a password in Kamailio")
                .contains("manual.cfg:54: nathelper.sipping_method alone has no effect in Kamailio")
                .contains("manual.cfg:60: auth.auth_checks_no_dlg 9: a nonce is bound to")
                .contains("route[REGISTRAR] (manual.cfg:85-96)")
                .doesNotContain("Needs code")
                .doesNotContain("Not available");
    }

    @Test
    void everyParameterModuleAndBlockOfTheManualIsMentioned() throws IOException {
        Path configuration = Resources.copy("manual.cfg", directory);
        String printed = String.join(
                "\n",
                KamailioImport.read(configuration, Optional.empty(), List.of(), "")
                        .configuration());

        List<String> source = Files.readAllLines(configuration);
        for (int i = 0; i < source.size(); i++) {
            String line = source.get(i);
            if (line.matches("(modparam|loadmodule|listen|alias|domain|route|request_route|[a-z_]+ ?=).*")) {
                assertThat(printed).as(line).containsPattern("manual\\.cfg:" + (i + 1) + "\\b");
            }
        }
    }

    @Test
    void passwordsAreNotPrinted() throws IOException {
        Path configuration = Resources.copy("manual.cfg", directory);
        Files.writeString(
                configuration,
                Files.readString(configuration)
                        + "modparam(\"auth\", \"secret\", \"KamailioRW2024!\")\n"
                        + "my.password = \"KamailioRW2024!\"\n"
                        + "failure_route[X] { pv_www_authenticate(\"$td\", \"KamailioRW2024!\", \"0\"); }\n");
        Files.writeString(
                configuration, Files.readString(configuration).replace("route(RELAY);", "t_on_failure(\"X\");"));
        Path kamctlrc = Resources.copy("manual-kamctlrc", directory);

        KamailioImport imported = KamailioImport.read(configuration, Optional.of(kamctlrc), List.of(), "");

        assertThat(imported.configuration())
                .noneMatch(line -> line.contains("2024"))
                .noneMatch(line -> line.contains("YourPostgres"))
                .anyMatch(line -> line.contains("pv_www_authenticate"));
        assertThat(imported.program("P")).noneMatch(line -> line.contains("2024"));
    }

    @Test
    void unknownStatementsAreListedWithTheirNearestEquivalent() throws IOException {
        String printed = remarks(
                lines(
                        SIMPLE.replace(
                                "    t_relay();",
                                "    if ($fU == \"x\") {\n        append_hf(\"X: 1\\r\\n\");\n    }\n    ds_select_dst(\"1\", \"4\");\n    t_relay();")));

        assertThat(printed)
                .contains("# ==== Needs code")
                .contains("k.cfg:4: request_route: if($fU == \"x\")")
                .contains("append_hf: context.replace(request.withHeaderBelow(name, value))")
                .contains("k.cfg:7: request_route: ds_select_dst(\"1\", \"4\");");
    }

    @Test
    void blocksThatAreNotCalledHaveNoEffect() throws IOException {
        List<String> lines = lines(
                SIMPLE
                        + "route[AUTH] { if (!www_authorize(\"$fd\", \"subscriber\")) { www_challenge(\"$fd\", \"0\"); exit; } }\n");

        assertThat(options(lines)).contains("no-auth");
        assertThat(remarks(lines))
                .contains("route[AUTH] (k.cfg:6) is not called, so it has no effect in Kamailio either");
    }

    @Test
    void otherTablesThanSubscriberAreNotTakenForIt() throws IOException {
        List<String> lines = lines(
                SIMPLE.replace(
                        "    t_relay();",
                        "    if (!www_authorize(\"$fd\", \"people\")) { www_challenge(\"$fd\", \"0\"); exit; }\n    t_relay();"));

        assertThat(remarks(lines))
                .contains("Needs code")
                .contains("www_authorize: DigestAuthentication")
                .contains("k.cfg:4: an unknown statement asks for passwords");
        assertThat(options(lines)).doesNotContain("no-auth");
    }

    @Test
    void aServerThatAsksNoUserForAPasswordAlthoughAuthIsLoadedIsReported() throws IOException {
        List<String> lines = lines("loadmodule \"auth.so\"\n" + SIMPLE);

        assertThat(options(lines)).contains("no-auth");
        assertThat(remarks(lines))
                .contains("Needs a decision")
                .contains("k.cfg:1: module auth is loaded, but no route");
    }

    @Test
    void aRealmThatIsNotTheDomainIsReported() throws IOException {
        String checks = "    if (!www_authorize(\"%s\", \"subscriber\")) { www_challenge(\"%s\", \"1\"); exit; }\n";

        assertThat(remarks(lines(SIMPLE.replace("    t_relay();", checks.replace("%s", "old.test") + "t_relay();"))))
                .contains("k.cfg:4: the realm is old.test")
                .doesNotContain("offers no qop");
        assertThat(remarks(lines(SIMPLE.replace("    t_relay();", checks.replace("%s", "sip.test") + "t_relay();"))))
                .doesNotContain("the realm is");
    }

    @Test
    void unknownParametersAreNamed() throws IOException {
        assertThat(remarks(lines(SIMPLE + "modparam(\"carrot\", \"colour\", 1)\nloadmodule \"carrot.so\"\nrabbit=2\n")))
                .contains("k.cfg:6: carrot.colour: not known to this import")
                .contains("k.cfg:7: module carrot: not known to this import")
                .contains("k.cfg:8: rabbit: not known to this import");
    }

    @Test
    void listeningPointsKeepTransportPortAndAdvertisedAddress() throws IOException {
        assertThat(options(lines("""
            port=28070
            listen=udp:10.0.0.5:28060 advertise 203.0.113.9:5060
            listen=tcp:[2001:db8::1]:28061 tls:10.0.0.5 name "x"
            listen=10.0.0.6
            listen=sctp:10.0.0.5:5060
            listen=eth0
            alias=sip.test other.test:28060
            alias="10.0.0.5"
            request_route { t_relay(); }
            """)))
                .contains(
                        "listen udp:10.0.0.5:28060 advertise 203.0.113.9:5060",
                        "listen tcp:[2001:db8::1]:28061",
                        "listen tls:10.0.0.5:5061",
                        "listen udp:10.0.0.6:28070",
                        "listen tcp:10.0.0.6:28070",
                        "domain sip.test",
                        "alias other.test:28060")
                .noneMatch(line -> line.contains("sctp") || line.contains("eth0"));
    }

    @Test
    void aDomainThatKamailioDoesNotServeIsReported() throws IOException {
        Path file = Files.writeString(directory.resolve("k.cfg"), SIMPLE);
        Path kamctlrc = Files.writeString(directory.resolve("kamctlrc"), "SIP_DOMAIN=other.test\n");

        KamailioImport imported = KamailioImport.read(file, Optional.of(kamctlrc), List.of(), "");

        assertThat(options(imported.configuration())).contains("domain other.test", "alias sip.test");
        assertThat(remarks(imported.configuration()))
                .contains("kamctlrc:1: SIP_DOMAIN other.test is not an alias or address of the configuration");
    }

    @Test
    void databasesOfKamctlAndTheConfigurationAreCompared() throws IOException {
        Path configuration = Resources.copy("manual.cfg", directory);
        Path kamctlrc = Files.writeString(
                directory.resolve("kamctlrc"),
                "SIP_DOMAIN=sip.yourdomain.com\nDBENGINE=PGSQL\nDBNAME=other\nDBRWPW='wrong'\n");

        String printed = remarks(KamailioImport.read(configuration, Optional.of(kamctlrc), List.of(), "")
                .configuration());

        assertThat(printed)
                .contains("kamctlrc:3: DBNAME other is not kamailio of the configuration's db_url")
                .contains("kamctlrc:4: DBRWPW is not the password of the configuration's db_url");
    }

    @Test
    void databaseOfKamctlIsUsedIfNoModuleNamesOne() throws IOException {
        String asks = SIMPLE.replace(
                "    t_relay();",
                "    if (!www_authorize(\"sip.test\", \"subscriber\")) { www_challenge(\"sip.test\", \"1\"); exit; }\n"
                        + "    t_relay();");
        Path file = Files.writeString(directory.resolve("k.cfg"), asks);
        Path kamctlrc = Files.writeString(
                directory.resolve("kamctlrc"),
                "DBENGINE=PGSQL\nDBHOST=db.test\nDBPORT=5433\nDBNAME=sip\nDBRWUSER=kam\nDBRWPW=secret\n");

        KamailioImport imported = KamailioImport.read(file, Optional.of(kamctlrc), List.of(), "");

        assertThat(options(imported.configuration()))
                .contains("database-url jdbc:postgresql://db.test:5433/sip", "database-user kam");
        assertThat(remarks(imported.configuration()))
                .contains("kamctlrc:1: no db_url in the configuration, so the PostgreSQL of kamctlrc is used")
                .doesNotContain("secret");

        Files.writeString(kamctlrc, "DBENGINE=MYSQL\nDBHOST=db.test\n");
        assertThat(options(KamailioImport.read(file, Optional.of(kamctlrc), List.of(), "")
                        .configuration()))
                .noneMatch(line -> line.startsWith("database"));
        Files.writeString(file, SIMPLE);
        Files.writeString(kamctlrc, "DBENGINE=PGSQL\nDBHOST=db.test\n");
        assertThat(options(KamailioImport.read(file, Optional.of(kamctlrc), List.of(), "")
                        .configuration()))
                .as("nothing needs a database")
                .noneMatch(line -> line.startsWith("database"));
    }

    @Test
    void mysqlIsReportedAndNotTakenForPostgres() throws IOException {
        Path configuration = Resources.copy("manual.cfg", directory);

        KamailioImport imported = KamailioImport.read(
                configuration, Optional.empty(), List.of("DBURL=\"mysql://k:pw@db.test:3306/kamailio\""), "");

        assertThat(imported.isIncomplete()).isTrue();
        assertThat(options(imported.configuration())).contains("database-url jdbc:postgresql://db.test/kamailio");
        assertThat(remarks(imported.configuration()))
                .contains("mysql is not supported: create the tables in a PostgreSQL");
    }

    @Test
    void certificatesOfTlsCfgAreRead() throws IOException {
        Files.writeString(directory.resolve("tls.cfg"), """
            [server:default]
            method = TLSv1.2+
            verify_certificate = yes
            require_certificate = no
            private_key = /etc/ssl/key.pem
            certificate = "/etc/ssl/cert.pem"
            ca_list = /etc/ssl/ca.pem
            [server:192.0.2.1:5061]
            certificate = /other.pem
            """);
        List<String> lines = lines(SIMPLE.replace("udp:192.0.2.1:5060", "tls:192.0.2.1:5061")
                + "modparam(\"tls\", \"config\", \"/etc/kamailio/tls.cfg\")\n");

        assertThat(options(lines))
                .contains(
                        "tls-certificate /etc/ssl/cert.pem",
                        "tls-key /etc/ssl/key.pem",
                        "tls-trust /etc/ssl/ca.pem",
                        "tls-client-auth want");
        assertThat(remarks(lines)).contains("tls.cfg:8: section [server:192.0.2.1:5061]");
    }

    @Test
    void gatewaysOfTheDispatcherListAndAddressesAreRead() throws IOException {
        Files.writeString(directory.resolve("dispatcher.list"), """
            # set uri flags priority attributes
            1 sip:192.0.2.11:5080 0 10 weight=50;duid=a
            1 sip:192.0.2.12 4 0 rweight=20;color=red
            """);
        Files.writeString(directory.resolve("address.list"), "1 198.51.100.0 24\n2 203.0.113.1\n");
        List<String> lines = lines(SIMPLE.replace(
                        "    t_relay();",
                        "    if (!is_method(\"REGISTER\") && allow_source_address()) { return; }\n"
                                + "    ds_select_dst(\"1\", \"8\");\n    t_relay();")
                + """
            loadmodule "dispatcher.so"
            modparam("dispatcher", "list_file", "/etc/kamailio/dispatcher.list")
            modparam("dispatcher", "ds_ping_interval", 30)
            modparam("dispatcher", "ds_ping_reply_codes", "class=2;code=404")
            modparam("dispatcher", "ds_probing_threshold", 3)
            modparam("permissions", "address_file", "address.list")
            """);

        assertThat(options(lines))
                .contains(
                        "gateway 1=sip:192.0.2.11:5080;priority=10;weight=50;duid=a",
                        "gateway 1=sip:192.0.2.12;weight=20",
                        "gateway-algorithm 1=8",
                        "gateway-probe 30s",
                        "gateway-accept 404",
                        "gateway-down-after 3",
                        "gateway-trust off",
                        "trust 198.51.100.0/24");
        assertThat(remarks(lines))
                .contains("dispatcher.list:3: flags 4 of sip:192.0.2.12")
                .contains("dispatcher.list:3: attribute color of a gateway is not used")
                .contains("group 2 has 1 addresses");
    }

    @Test
    void errorsInNamedFilesHaveTheirLine() throws IOException {
        Files.writeString(directory.resolve("dispatcher.list"), "1 sip:192.0.2.11\none two\n");

        assertThatThrownBy(() -> lines(SIMPLE + "modparam(\"dispatcher\", \"list_file\", \"dispatcher.list\")\n"))
                .isInstanceOf(ImportException.class)
                .hasMessageContaining("dispatcher.list:2: not SET URI");
    }

    @Test
    void textOfTheConfigurationCannotAddALine() throws IOException {
        List<String> lines = lines(SIMPLE + "log_prefix=\"x\nno-auth\u2028subscriber a:b\"\n");

        assertThat(options(lines)).doesNotContain("subscriber a:b");
        assertThat(lines.stream().filter(line -> line.startsWith("subscriber"))).isEmpty();
        assertThatThrownBy(() -> lines(SIMPLE.replace("alias=sip.test", "alias=\"sip.test\nno-auth\"")))
                .isInstanceOf(ImportException.class);
    }

    @Test
    void limitsTimersAndRecordsBecomeOptions() throws IOException {
        List<String> lines = lines("""
                listen=udp:192.0.2.1:5060
                alias="sip.test"
                tcp_connection_lifetime=600
                tcp_max_connections=2048
                tcp_accept_iplimit=0
                tcp_connect_timeout=10
                loadmodule "tm.so"
                loadmodule "siptrace.so"
                modparam("tm", "retr_timer1", 300)
                modparam("tm", "retr_timer2", 3000)
                modparam("siptrace", "duplicate_uri", "sip:192.0.2.9:9060")
                modparam("siptrace", "hep_mode_on", 1)
                modparam("siptrace", "hep_capture_id", 234)
                request_route { exit; }
                """);

        assertThat(options(lines))
                .contains(
                        "idle-timeout 600s",
                        "connections 2048",
                        "connect-timeout 10s",
                        "t1 300ms",
                        "t2 3000ms",
                        "hep 192.0.2.9:9060",
                        "hep-id 234")
                .noneMatch(line -> line.startsWith("connections-per-source"));
        assertThat(remarks(lines))
                .contains("tcp_accept_iplimit 0: connections-per-source is 1 to 1000000")
                .contains("module siptrace: the command trace shows messages");
    }
}
