package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Proxy that is killed at random moments under load (SIGKILL); the bindings of every 200 that it sent must exist
 * afterwards. {@code -Dsipproxy.crash.rounds=50} runs many rounds, {@code -Dsipproxy.crash.seed=N} repeats those of a
 * run.
 */
class CrashTest {

    private static final int ROUNDS = Integer.getInteger("sipproxy.crash.rounds", 2);
    private static final long SEED = Long.getLong("sipproxy.crash.seed", System.nanoTime());

    /** Finds rows that mix the values of several REGISTER requests. */
    private static final String HALF_WRITTEN = "SELECT username, cseq, user_agent FROM location "
            + "WHERE user_agent <> 'ua-' || cseq OR contact NOT LIKE 'sip:' || username || '@%' OR domain <> 'sip.test' "
            + "OR socket NOT LIKE 'udp:127.0.0.1:%' OR expires - last_modified <> INTERVAL '300 seconds'";

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    private final Random random = new Random(SEED);
    /** The time just before the last kill. */
    private long killedAtNanos;

    @BeforeEach
    void empty() {
        POSTGRES.execute("DELETE FROM location");
    }

    @Test
    void writeThroughLosesNoAcknowledgedBinding() throws Exception {
        for (int round = 1; round <= ROUNDS; round++) {
            POSTGRES.execute("DELETE FROM location");
            RegisterLoad load = crash(0, 100 + random.nextInt(900));
            Map<String, Long> promised = load.acknowledgedBefore(System.nanoTime());
            verify(round, load, promised);
            assertThat(promised).isNotEmpty();
        }
    }

    @Test
    void writeBackLosesNoMoreThanAnIntervalAndItsFlush() throws Exception {
        long interval = 1_000;
        for (int round = 1; round <= ROUNDS; round++) {
            POSTGRES.execute("DELETE FROM location");
            RegisterLoad load = crash(interval, 4_000 + random.nextInt(1_500));
            // a flush that takes longer than those before it adds the difference: up to a second beside other tests
            Map<String, Long> promised =
                    load.acknowledgedBefore(killedAtNanos - TimeUnit.MILLISECONDS.toNanos(interval + 2_000));
            verify(round, load, promised);
            assertThat(promised).isNotEmpty();
        }
    }

    /** Starts a proxy and a load, and kills the proxy after the given time. */
    private RegisterLoad crash(long writeBackMillis, int afterMillis) throws Exception {
        Process victim = start(writeBackMillis);
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(victim.getInputStream(), StandardCharsets.UTF_8))) {
            String line = out.readLine();
            assertThat(line)
                    .as("first line of the proxy's process, seed %d", SEED)
                    .startsWith("port ");
            InetSocketAddress proxy = new InetSocketAddress("127.0.0.1", Integer.parseInt(line.substring(5)));
            RegisterLoad load = new RegisterLoad(proxy, 12, Duration.ofMillis(500));
            try (load) {
                await().atMost(Duration.ofSeconds(30)).until(() -> load.answers(200) > 0); // the JVM is cold at first
                assertThat(victim.waitFor(afterMillis, TimeUnit.MILLISECONDS)).isFalse();
                killedAtNanos = System.nanoTime();
                victim.destroyForcibly();
                assertThat(victim.waitFor(10, TimeUnit.SECONDS)).isTrue();
            }
            return load;
        } finally {
            victim.destroyForcibly();
        }
    }

    private static Process start(long writeBackMillis) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        CrashVictim.class.getName(),
                        POSTGRES.url(),
                        POSTGRES.user(),
                        POSTGRES.password(),
                        Long.toString(writeBackMillis))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void verify(int round, RegisterLoad load, Map<String, Long> promised) {
        Map<String, Long> rows = new HashMap<>();
        for (String row : Rows.of(POSTGRES, "SELECT username, max(cseq) FROM location GROUP BY username")) {
            String[] columns = row.split("\\|", -1);
            rows.put(columns[0], Long.parseLong(columns[1]));
        }
        List<String> lost = promised.entrySet().stream()
                .filter(e -> rows.getOrDefault(e.getKey(), -1L) < e.getValue())
                .map(e -> e.getKey() + ": acknowledged CSeq " + e.getValue() + ", row " + rows.get(e.getKey()))
                .toList();
        String what = "round " + round + ", seed " + SEED + ", answers " + load.answers();
        assertThat(lost).as(what).isEmpty();
        assertThat(Rows.of(POSTGRES, HALF_WRITTEN)).as(what).isEmpty();
        assertThat(Rows.of(POSTGRES, "SELECT username FROM location GROUP BY username HAVING count(*) > 1"))
                .as("users with two rows, " + what)
                .isEmpty();
        System.out.println(what + ": " + promised.size() + " users as promised, " + rows.size() + " rows");
    }
}
