package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.server.migrate.Resources;

/** Command {@code import}: its result is a configuration that {@code check} accepts, and a program that compiles. */
@Timeout(180)
class ImportCommandTest {

    private static final String URL = "DBURL=\"postgres://kamailio:pw@localhost/kamailio\"";

    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int execute(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), args);
    }

    /** Returns the arguments of a configuration, with free ports and an embedded database that is not started. */
    private static List<String> arguments(String configuration) {
        List<String> arguments = new ArrayList<>();
        for (String line : configuration.lines().toList()) {
            if (line.isBlank() || line.startsWith("#") || line.startsWith("database-user")) {
                continue;
            }
            String option = line.startsWith("database-url") ? "database embedded" : line;
            option = option.replaceFirst("^(listen \\S+):\\d+$", "$1:0").replace("192.168.1.50", "127.0.0.1");
            arguments.add("--" + option.replaceFirst(" ", "="));
        }
        return arguments;
    }

    private void assertCheckAccepts(String configuration) {
        List<String> arguments = arguments(configuration);
        arguments.add(0, "check");
        int status = execute(arguments.toArray(new String[0]));
        assertThat(status).as("%s%n%s", String.join("\n", arguments), err).isZero();
    }

    @Test
    void checkAcceptsTheImportOfTheManual() throws IOException {
        Path configuration = Resources.copy("manual.cfg", directory);
        Path kamctlrc = Resources.copy("manual-kamctlrc", directory);

        int status = execute("import", configuration.toString(), kamctlrc.toString());

        assertThat(status).isEqualTo(Launcher.FAILED); // the password has to be supplied
        assertThat(err.toString()).containsPattern("sipproxy: \\d+ settings; \\d+ need a decision, 0 need code");
        assertCheckAccepts(out.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "WITH_MYSQL",
                "WITH_MYSQL WITH_AUTH",
                "WITH_MYSQL WITH_AUTH WITH_IPAUTH",
                "WITH_MYSQL WITH_AUTH WITH_USRLOCDB",
                "WITH_NAT",
                "WITH_NAT WITH_NATSIPPING",
                "WITH_NAT WITH_RTPENGINE",
                "WITH_ANTIFLOOD",
                "WITH_MYSQL WITH_ACCDB",
                "WITH_MYSQL WITH_AUTH WITH_ALIASDB",
                "WITH_MYSQL WITH_AUTH WITH_MULTIDOMAIN",
                "WITH_MYSQL WITH_AUTH WITH_SPEEDDIAL WITH_PRESENCE WITH_MSGREBUILD",
                "WITH_TLS",
                "WITH_PSTN",
                "WITH_MYSQL WITH_AUTH WITH_PSTN",
                "WITH_VOICEMAIL",
                "WITH_BLOCK3XX WITH_BLOCK401407",
                "WITH_JSONRPC WITH_DEBUG"
            })
    void checkAcceptsTheImportOfTheStockConfiguration(String features) throws IOException {
        assumeTrue(Resources.hasStock(), "the stock configuration of Kamailio 5.6 is not installed");
        List<String> arguments = importOfStock(features);

        execute(arguments.toArray(new String[0]));

        String configuration = out.toString();
        assertThat(configuration.replaceAll("\n# {5}", " "))
                .as("every statement of the stock configuration is known")
                .doesNotContain(" — ")
                .doesNotContain("not known to this import")
                .doesNotContain("another order")
                .doesNotContain("lacks a statement");
        assertCheckAccepts(configuration);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "WITH_NAT WITH_ANTIFLOOD WITH_TLS WITH_BLOCK3XX",
                "WITH_MYSQL WITH_AUTH WITH_IPAUTH WITH_USRLOCDB WITH_NAT WITH_NATSIPPING WITH_ANTIFLOOD WITH_ACCDB"
                        + " WITH_ALIASDB WITH_MULTIDOMAIN WITH_PSTN WITH_VOICEMAIL WITH_BLOCK3XX WITH_BLOCK401407"
            })
    void theProgramOfTheStockConfigurationCompiles(String features) throws IOException {
        assumeTrue(Resources.hasStock(), "the stock configuration of Kamailio 5.6 is not installed");

        assertCompiles(importOfStock(features));
    }

    private List<String> importOfStock(String features) throws IOException {
        String text = Files.readString(Resources.STOCK)
                .replace("pstn.gw_ip = \"\"", "pstn.gw_ip = \"192.0.2.10\"")
                .replace("voicemail.srv_ip = \"\"", "voicemail.srv_ip = \"192.0.2.20\"");
        Path configuration = Files.writeString(directory.resolve("kamailio.cfg"), text);
        if (features.contains("WITH_TLS")) {
            SelfSignedCertificate certificate = SelfSignedCertificate.in(directory, List.of("sip.test"), List.of());
            Files.writeString(
                    directory.resolve("tls.cfg"),
                    "[server:default]\ncertificate = " + certificate.certificate() + "\nprivate_key = "
                            + certificate.key() + "\n");
        }
        List<String> arguments =
                new ArrayList<>(List.of("import", configuration.toString(), "--domain", "sip.test", "-A", URL));
        Stream.of(features.split(" ", -1)).filter(one -> !one.isEmpty()).forEach(feature -> {
            arguments.add("-A");
            arguments.add(feature);
        });
        return arguments;
    }

    private Path assertCompiles(List<String> arguments) throws IOException {
        List<String> all = new ArrayList<>(arguments);
        all.add("--java");
        execute(all.toArray(new String[0]));
        Path source = Files.writeString(directory.resolve("ImportedProxy.java"), out.toString());
        StringWriter problems = new StringWriter();
        try (var files = ToolProvider.getSystemJavaCompiler().getStandardFileManager(null, null, null)) {
            boolean compiled = ToolProvider.getSystemJavaCompiler()
                    .getTask(
                            problems,
                            files,
                            null,
                            List.of(
                                    "-proc:none",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    "-d",
                                    directory.toString()),
                            null,
                            files.getJavaFileObjects(source))
                    .call();
            assertThat(compiled).as("%s%n%s", problems, out).isTrue();
        }
        return directory;
    }

    @Test
    void theProgramOfAnImportServes() throws Exception {
        Path configuration = Files.writeString(directory.resolve("k.cfg"), """
            listen=udp:127.0.0.1:0
            alias=sip.test
            listen=tcp:127.0.0.1:0 advertise 203.0.113.9:5060
            modparam("registrar", "max_expires", 600)
            modparam("registrar", "max_contacts", 3)
            modparam("dispatcher", "list_file", "dispatcher.list")
            loadmodule "dialog.so"
            request_route {
                if (nat_uac_test("23")) { fix_nated_register(); }
                ds_select_dst("1", "10");
                t_relay();
            }
            """);
        Files.writeString(directory.resolve("dispatcher.list"), "1 sip:192.0.2.11 0 5 weight=50;duid=a;maxload=3\n");

        Path classes = assertCompiles(List.of("import", configuration.toString()));

        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
            Method method = loader.loadClass("ImportedProxy").getDeclaredMethod("proxy");
            method.setAccessible(true);
            try (SipProxy proxy = ((SipProxyBuilder) method.invoke(null)).build()) {
                proxy.start();
                assertThat(proxy.boundEndpoints()).hasSize(2);
            }
        }
    }

    @Test
    void theProgramOfTheManualCompiles() throws IOException {
        assertCompiles(List.of("import", Resources.copy("manual.cfg", directory).toString()));
        assertThat(out.toString())
                .contains("StoreMode.writeBack(")
                .contains("System.getenv(\"SIPPROXY_DATABASE_PASSWORD\")");
    }

    @Test
    void errorsHaveFileAndLineAndStatus2() throws IOException {
        Path configuration = Files.writeString(directory.resolve("k.cfg"), "debug=2\nhello world\n");

        assertThat(execute("import", configuration.toString())).isEqualTo(Launcher.MISCONFIGURED);
        assertThat(err.toString()).startsWith("sipproxy: k.cfg:2: \"hello\" is not a parameter");
        assertThat(out.toString()).isEmpty();
        assertThat(execute("import", directory.resolve("none.cfg").toString())).isEqualTo(Launcher.MISCONFIGURED);
        assertThat(err.toString()).contains("none.cfg does not exist");
        assertThat(execute("import", configuration.toString(), "--class", "a;b"))
                .isEqualTo(Launcher.MISCONFIGURED);
    }

    @Test
    void completeImportsHaveStatus0() throws IOException {
        Path configuration = Files.writeString(
                directory.resolve("k.cfg"), "listen=udp:127.0.0.1:0\nalias=sip.test\nrequest_route { t_relay(); }\n");

        assertThat(execute("import", configuration.toString()))
                .as(out.toString())
                .isEqualTo(Launcher.OK);
    }
}
