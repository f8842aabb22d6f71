package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.InMemoryCredentials;

/** SIPVicious against a proxy on loopback. Skipped if SIPVicious is not installed. */
@Timeout(120)
class ScannerToolsTest {

    private final List<SecurityEvent> events = new CopyOnWriteArrayList<>();
    private SipProxy proxy;

    @TempDir
    private Path directory;

    private int start(UnaryOperator<SipProxyBuilder> options) {
        proxy = options.apply(SipProxy.builder()
                        .listen(Endpoint.udp("127.0.0.1", 0))
                        .domain("sip.test")
                        .alias("127.0.0.1")
                        .authentication(DigestAuthentication.builder()
                                .credentials(InMemoryCredentials.of(
                                        Credential.ofPassword("1001", "sip.test", "right"),
                                        Credential.ofPassword("1002", "sip.test", "right")))
                                .algorithms(DigestAlgorithm.MD5) // the tool supports no other
                                .build())
                        .listener(events::add))
                .build();
        proxy.start();
        return proxy.boundEndpoints().get(0).port();
    }

    @AfterEach
    void stop() {
        if (proxy != null) {
            proxy.close();
        }
    }

    private String run(String... command) throws IOException, InterruptedException {
        Path tool = Path.of("/usr/bin", command[0]);
        assumeTrue(Files.isExecutable(tool), () -> tool + " is not installed");
        Path output = Files.createTempFile(directory, "tool", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("HOME", directory.toString());
        Process process = builder.start();
        if (!process.waitFor(40, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        return Files.readString(output);
    }

    @Test
    void svwarCannotDistinguishUsers() throws Exception {
        String port = "-p" + start(builder -> builder);

        for (String method : List.of("REGISTER", "INVITE", "OPTIONS")) {
            assertThat(run("svwar", port, "--force", "-m", method, "-e1000-1005", "127.0.0.1"))
                    .as(method)
                    .contains("found nothing");
        }
    }

    @Test
    void svcrackIsLockedOutBeforeItTriesTheCorrectPassword() throws Exception {
        String port = "-p" + start(builder -> builder);
        Path lucky = Files.writeString(directory.resolve("lucky.txt"), "right\n");
        List<String> words = new ArrayList<>(
                IntStream.range(0, 30).mapToObj(i -> "guess" + i).toList());
        words.add("right");
        Path dictionary = Files.write(directory.resolve("words.txt"), words);

        // control: the tool finds a password that it tries first
        assertThat(run("svcrack", port, "-u1001", "-d", lucky.toString(), "127.0.0.1"))
                .contains("right");
        assertThat(run("svcrack", port, "-u1002", "-d", dictionary.toString(), "127.0.0.1"))
                .contains("found nothing");
        assertThat(events).hasAtLeastOneElementOfType(SecurityEvent.AuthenticationLocked.class);
    }

    @Test
    void svmapDoesNotSeeAProxyThatDropsScanners() throws Exception {
        String port =
                "-p" + start(builder -> builder.component(FloodGuard.builder().build()));

        assertThat(run("svmap", port, "127.0.0.1")).contains("found nothing");
        assertThat(events).hasAtLeastOneElementOfType(SecurityEvent.ScannerSeen.class);
    }
}
