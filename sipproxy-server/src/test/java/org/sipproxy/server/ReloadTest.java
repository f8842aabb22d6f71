package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.management.JMX;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.server.operations.ConfigurationMXBean;
import org.sipproxy.server.phone.Account;
import org.sipproxy.server.phone.PhoneException;
import org.sipproxy.server.phone.RiPhone;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Reload of a running server by SIGHUP and by the command. */
@Timeout(180)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGHUP")
class ReloadTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void writeTheFile() throws IOException {
        file = folder.resolve("sipproxy.conf");
        Files.writeString(file, """
                listen udp:127.0.0.1:0
                listen tls:127.0.0.1:0
                tls-self-signed
                domain sip.test
                subscriber 1001:test1234
                gateway pstn=sip:127.0.0.1:9
                gateway-probe 0
                fallback-route pstn
                calls
                control %s
                """.formatted(socket()));
    }

    private Path socket() {
        return folder.resolve("control.sock");
    }

    private void replace(String before, String now) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(before);
        Files.writeString(file, text.replace(before, now));
    }

    private int reload() {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), "reload", "--control", socket().toString());
    }

    private static int udpPort(String ready) {
        return Integer.parseInt(ready.replaceFirst(".*udp:127\\.0\\.0\\.1:(\\d+).*", "$1"));
    }

    private static RiPhone register(String user, String password, String domain, int port) throws PhoneException {
        InetAddress host = InetAddress.getLoopbackAddress();
        RiPhone phone = RiPhone.open(
                new Account(user, password, domain),
                host,
                new InetSocketAddress(host, port),
                Duration.ZERO,
                Duration.ofSeconds(10));
        try {
            phone.register(Duration.ofHours(1));
            return phone;
        } catch (PhoneException e) {
            phone.close();
            throw e;
        }
    }

    /** Child processes inherit an ignored SIGHUP, for example if nohup started the build. */
    private static void assumeHangUpReachesChildren() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (Files.exists(status)) {
            String ignored = Files.readAllLines(status).stream()
                    .filter(line -> line.startsWith("SigIgn:"))
                    .findFirst()
                    .orElseThrow();
            assumeTrue(ignored.matches(".*[02468ace]"), "whatever started the tests has SIGHUP ignored");
        }
    }

    /** Program that gets a SIGHUP before its server can reload. */
    static final class EarlyHangup {

        private EarlyHangup() {}

        public static void main(String[] args) throws Exception {
            ProcessSignals.deferHangup();
            new ProcessBuilder(
                            "kill",
                            "-HUP",
                            Long.toString(ProcessHandle.current().pid()))
                    .start()
                    .waitFor();
            ProcessSignals.onHangup(() -> System.out.println("RELOAD"));
            Thread.sleep(Duration.ofMinutes(1).toMillis());
        }
    }

    @Test
    void aHangUpDuringTheStartIsHandledWhenItIsComplete() throws Exception {
        assumeHangUpReachesChildren();
        try (JavaProcess program = JavaProcess.start(EarlyHangup.class)) {
            program.awaitLine("RELOAD");
            program.terminate();
            program.awaitExit();
            assertThat(program.out()).isEmpty();
        }
    }

    @Test
    void hangUpAppliesEveryKindOfChange() throws Exception {
        assumeHangUpReachesChildren();
        try (JavaProcess launcher = JavaProcess.start(Launcher.class, "run", "--config", file.toString())) {
            int port = udpPort(launcher.awaitLine("READY"));
            assertThatThrownBy(() -> register("1002", "S3cret#1", "new.test", port))
                    .isInstanceOf(PhoneException.class);

            replace("domain sip.test", "domain sip.test\ndomain new.test\nalias other.test:5060");
            replace("subscriber 1001:test1234", "subscriber 1002:S3cret#1");
            replace("gateway pstn=sip:127.0.0.1:9", "gateway pstn=sip:127.0.0.1:19\ngateway-tries 2");
            replace("calls\n", """
                    calls
                    calls-max 100
                    deny 192.0.2.0/24
                    rate-limit 100
                    ring-timeout 1m
                    log-level debug
                    """);
            launcher.hangUp();
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(
                            () -> assertThat(launcher.err()).anyMatch(line -> line.contains("Reload - reloaded: ")));

            assertThat(launcher.err())
                    .filteredOn(line -> line.contains("Reload - reloaded: "))
                    .singleElement()
                    .asString()
                    .contains(
                            "domain",
                            "alias",
                            "subscriber",
                            "gateway",
                            "gateway-tries",
                            "calls-max",
                            "deny",
                            "rate-limit",
                            "ring-timeout",
                            "log-level");
            register("1002", "S3cret#1", "new.test", port).close();
            assertThatThrownBy(() -> register("1001", "test1234", "sip.test", port))
                    .isInstanceOf(PhoneException.class);
            assertThat(reload()).isZero();
            assertThat(out.toString()).contains("reloaded: no option has changed");
            launcher.terminate();
            assertThat(launcher.awaitExit()).isZero();
        }
    }

    @Test
    void theStartSaysThatNohupTakesAwayTheReloadByHangUp() throws Exception {
        try (JavaProcess launcher =
                JavaProcess.startBy("nohup", List.of(), Launcher.class, "run", "--config", file.toString())) {
            launcher.awaitLine("READY");
            assertThat(launcher.err())
                    .filteredOn(line -> line.contains("SIGHUP"))
                    .singleElement()
                    .asString()
                    .contains("SIGHUP is ignored", "reload with the command reload", "setsid instead of nohup");

            replace("domain sip.test", "domain sip.test\ndomain new.test");
            launcher.hangUp();
            assertThat(reload()).isZero();
            assertThat(out.toString()).as("the signal had no effect").contains("reloaded: domain");
            launcher.terminate();
            assertThat(launcher.awaitExit()).isZero();
        }
    }

    @Test
    void theStartSaysThatTheJvmKeepsTheSignals() throws Exception {
        try (JavaProcess launcher =
                JavaProcess.start(List.of("-Xrs"), Launcher.class, "run", "--config", file.toString())) {
            launcher.awaitLine("READY");
            assertThat(launcher.err())
                    .filteredOn(line -> line.contains("SIGHUP"))
                    .singleElement()
                    .asString()
                    .contains("SIGHUP ends the server", "-Xrs");
        }
    }

    @Test
    void theStartIsSilentIfHangUpReloads() throws Exception {
        assumeHangUpReachesChildren();
        try (JavaProcess launcher = JavaProcess.start(Launcher.class, "run", "--config", file.toString())) {
            launcher.awaitLine("READY");
            assertThat(launcher.err()).noneMatch(line -> line.contains("SIGHUP"));
        }
    }

    private List<String> registered() {
        out.getBuffer().setLength(0);
        Launcher.execute(new PrintWriter(out), new PrintWriter(err), "ul", "show", "--control", socket().toString());
        return out.toString()
                .lines()
                .filter(line -> line.contains("@"))
                .map(line -> line.replaceFirst(".*?(\\w+@[a-z.]+).*", "$1"))
                .toList();
    }

    @Test
    void bindingsOfRemovedSubscribersAndDomainsAreRemoved() throws Exception {
        replace("subscriber 1001:test1234", "domain new.test\nsubscriber 1001:a\nsubscriber 1002:b\nsubscriber Bob:c");
        try (JavaProcess launcher = JavaProcess.start(Launcher.class, "run", "--config", file.toString())) {
            int port = udpPort(launcher.awaitLine("READY"));
            for (String domain : List.of("sip.test", "new.test")) {
                register("1001", "a", domain, port).close();
                register("1002", "b", domain, port).close();
                register("Bob", "c", domain, port).close();
            }
            replace("subscriber Bob:c", "subscriber BOB:c\nudp-receivers 3");
            replace("subscriber 1001:a\n", "");
            assertThat(reload()).isEqualTo(1);
            assertThat(registered()).as("nothing was reloaded").hasSize(6);

            replace("\nudp-receivers 3", "");
            replace("subscriber 1002:b", "subscriber 1002:changed");
            assertThat(reload()).isZero();
            assertThat(registered())
                    .containsExactlyInAnyOrder("1002@sip.test", "1002@new.test", "bob@sip.test", "bob@new.test");
            assertThat(launcher.err())
                    .anyMatch(line ->
                            line.contains("bindings of sip:1001@sip.test removed, because the subscriber was removed"));

            replace("domain new.test\n", "alias new.test\n");
            assertThat(reload()).isZero();
            assertThat(registered()).containsExactlyInAnyOrder("1002@sip.test", "bob@sip.test");
            assertThat(launcher.err()).anyMatch(line -> line.contains("because the domain new.test was removed"));
            launcher.terminate();
            assertThat(launcher.awaitExit()).isZero();
        }
    }

    @Test
    void nothingIsAppliedIfOneChangeIsNotPossible() throws Exception {
        try (JavaProcess launcher = JavaProcess.start(Launcher.class, "run", "--config", file.toString())) {
            int port = udpPort(launcher.awaitLine("READY"));
            String valid = Files.readString(file);

            replace("subscriber 1001:test1234", "subscriber 1001:changed\nudp-receivers 3");
            assertRejected(launcher, "sipproxy.conf:6: udp-receivers: cannot change while the server runs");

            Files.writeString(
                    file, valid.replace("subscriber 1001:test1234", "subscriber 1001:changed\nlisten tcp:127.0.0.1:0"));
            assertRejected(
                    launcher, "sipproxy.conf:6: listen: \"tcp:127.0.0.1:0\" cannot change while the server runs");

            Files.writeString(
                    file, valid.replace("subscriber 1001:test1234", "subscriber 1001:changed\ndomian x.test"));
            assertRejected(launcher, "sipproxy.conf:6: unknown option: domian; did you mean domain");

            Files.writeString(
                    file, valid.replace("subscriber 1001:test1234", "subscriber 1001:changed\nmax-contacts 0"));
            assertRejected(launcher, "sipproxy.conf:6: max-contacts: 0 (expected 1 to 64)");

            Files.writeString(
                    file,
                    valid.replace("subscriber 1001:test1234", "subscriber 1001:changed")
                            .replace("gateway pstn=sip:127.0.0.1:9\n", "")
                            .replace("fallback-route pstn\n", ""));
            assertRejected(launcher, "the first gateway, and the removal of the last one, cannot be reloaded");

            Files.delete(file);
            assertRejected(launcher, "sipproxy.conf does not exist");

            register("1001", "test1234", "sip.test", port).close();
        }
    }

    private void assertRejected(JavaProcess launcher, String problem) {
        assertThat(reload()).isEqualTo(1);
        assertThat(err.toString()).contains("nothing is reloaded: ", problem);
        await().untilAsserted(() -> assertThat(launcher.err())
                .anyMatch(line -> line.contains("reload rejected, nothing has changed: ") && line.contains(problem)));
    }

    @Test
    @SuppressWarnings("BanJNDI") // the address is that of a process of this test
    void theMXBeanReloadsOrSaysWhyNot() throws Exception {
        try (JavaProcess launcher = JavaProcess.start(Launcher.class, "run", "--config", file.toString())) {
            launcher.awaitLine("READY");
            VirtualMachine machine = VirtualMachine.attach(Long.toString(launcher.pid()));
            JMXServiceURL address = new JMXServiceURL(machine.startLocalManagementAgent());
            machine.detach();
            try (JMXConnector connector = JMXConnectorFactory.connect(address)) {
                ConfigurationMXBean bean = JMX.newMXBeanProxy(
                        connector.getMBeanServerConnection(),
                        new ObjectName("org.sipproxy:type=Configuration"),
                        ConfigurationMXBean.class);
                assertThat(bean.reload()).isEmpty();

                replace("domain sip.test", "domain sip.test\ndomain new.test");
                assertThat(bean.reload()).containsExactly("domain");

                replace("domain new.test", "domian new.test");
                assertThatThrownBy(bean::reload)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("sipproxy.conf:5: unknown option: domian");
            }
        }
    }

    @Test
    void withoutAServerTheCommandFails() {
        assertThat(reload()).isEqualTo(3);
        assertThat(err.toString()).contains("no such socket; start a server with run");
    }

    @Test
    void theDocumentListsTheOptionsThatCanBeReloaded() throws IOException {
        String document =
                Files.readString(Path.of("../docs/configuration.md").toAbsolutePath(), StandardCharsets.UTF_8);
        int begin = document.indexOf("## Reload");
        String table = document.substring(begin, document.indexOf("\n## ", begin));
        List<OptionSpec> options =
                new CommandLine(new RunCommand()).getCommandSpec().options();

        for (OptionSpec option : options) {
            String name = "`" + option.longestName().substring(2) + "`";
            assertThat(table.contains(name)).as("%s is listed", name).isEqualTo(Reload.isReloadable(option));
        }
    }
}
