package org.sipproxy.jdbc;

import com.sun.management.OperatingSystemMXBean;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.location.ManagedLocationStore;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/**
 * Costs of the storage modes, printed without a limit: {@code -Dsipproxy.measure=100000}, the number of bindings. The
 * CPU time of PostgreSQL is read from /proc, so on Linux only.
 */
@EnabledIfSystemProperty(named = "sipproxy.measure", matches = "\\d+")
class LocationMeasurementTest {

    private static final int COUNT = Integer.getInteger("sipproxy.measure", 100_000);

    private static PostgresServer server;
    private static HikariDataSource pool;

    @BeforeAll
    static void start() {
        server = PostgresServer.launch("shared_buffers", "128MB");
        HikariConfig config = new HikariConfig();
        config.setDataSource(server.createDatabase("measured"));
        config.setMaximumPoolSize(10);
        pool = new HikariDataSource(config);
        KamailioSchema.on(pool).create();
    }

    @AfterAll
    static void stop() {
        pool.close();
        server.close();
    }

    @Test
    void costs() throws Exception {
        ManagedLocationStore writeBack = open(StoreMode.writeBack(repository()));
        measured("memory part of write-back, new", COUNT, () -> each(i -> register(writeBack, i, 1)));
        measured("flush of new bindings", COUNT, writeBack::flush);
        for (int round = 2; round <= 3; round++) {
            int cseq = round;
            each(i -> register(writeBack, i, cseq));
            measured("flush of refreshed bindings", COUNT, writeBack::flush);
        }
        writeBack.close();

        for (int round = 0; round < 3; round++) {
            ManagedLocationStore[] loaded = new ManagedLocationStore[1];
            measured(
                    "load, " + (round + 1) + ". time in this JVM",
                    COUNT,
                    () -> loaded[0] = open(StoreMode.loadAtStart(repository())));
            loaded[0].close();
        }

        ManagedLocationStore writeThrough = open(StoreMode.writeThrough(repository()));
        int some = COUNT / 5;
        for (int threads : new int[] {1, 8, 32, 64}) {
            for (int round = 0; round < 2; round++) {
                int cseq = 10 + threads + round;
                measured(
                        "write-through refresh by " + threads + " threads",
                        some,
                        () -> together(
                                threads,
                                t -> IntStream.range(0, some / threads)
                                        .forEach(i -> register(writeThrough, i * threads + t, cseq))));
            }
        }
        writeThrough.close();

        ManagedLocationStore databaseOnly = open(StoreMode.databaseOnly(repository()));
        for (int threads : new int[] {1, 8}) {
            measured(
                    "database-only refresh by " + threads + " threads",
                    some,
                    () -> together(
                            threads,
                            t -> IntStream.range(0, some / threads)
                                    .forEach(i -> register(databaseOnly, i * threads + t, 200 + threads))));
            measured(
                    "database-only lookup by " + threads + " threads",
                    some,
                    () -> together(
                            threads,
                            t -> IntStream.range(0, some / threads)
                                    .forEach(i -> databaseOnly.lookup(aor(i * threads + t)))));
        }
        databaseOnly.close();
    }

    private static JdbcBindingRepository repository() {
        return JdbcBindingRepository.builder(pool).build();
    }

    private static ManagedLocationStore open(StoreMode mode) {
        ProxyClock clock = ProxyClock.system();
        ManagedLocationStore store = ManagedLocationStore.of(
                mode, new ProxyTime(clock), new TimerWheel(clock.nanoTime()), ProxyThreads.named("test"));
        store.open();
        return store;
    }

    private static Aor aor(int i) {
        return new Aor("user" + i, "sip.test");
    }

    private static void register(ManagedLocationStore store, int i, int cseq) {
        long now = System.currentTimeMillis();
        store.update(aor(i), current -> {
            Binding.Builder binding = current.isEmpty()
                    ? Binding.builder(
                                    "m4xq8r9k2-" + Integer.toString(i, 36),
                                    SipUri.of("sip:user" + i + "@192.0.2.1:5060"))
                            .callId("call-" + i + "@192.0.2.1")
                            .userAgent("Measured/1.0")
                            .socket(Endpoint.udp("192.0.2.9", 5060))
                            .methods(Set.of(Method.INVITE, Method.CANCEL, Method.ACK, Method.BYE, Method.OPTIONS))
                    : current.get(0).toBuilder();
            return List.of(binding.granted(now, Duration.ofHours(1)).cseq(cseq).build());
        });
    }

    private static void each(IntConsumer work) {
        IntStream.range(0, COUNT).forEach(work);
    }

    private static void together(int threads, IntConsumer work) {
        CountDownLatch done = new CountDownLatch(threads);
        for (int t = 0; t < threads; t++) {
            int thread = t;
            new Thread(() -> {
                        work.accept(thread);
                        done.countDown();
                    })
                    .start();
        }
        try {
            done.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void measured(String what, int count, Runnable work) throws IOException {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long postgresBefore = postgresTicks();
        long cpuBefore = system.getProcessCpuTime();
        long before = System.nanoTime();
        work.run();
        double wall = (System.nanoTime() - before) / 1e9;
        double cpu = (system.getProcessCpuTime() - cpuBefore) / 1e9;
        double postgres = (postgresTicks() - postgresBefore) / 100.0;
        System.out.printf(
                Locale.ROOT,
                "%-44s %6d  %6.2f s wall  %6.2f s CPU  %6.2f s PostgreSQL  each %6.1f + %6.1f us%n",
                what,
                count,
                wall,
                cpu,
                postgres,
                cpu * 1e6 / count,
                postgres * 1e6 / count);
    }

    /** Returns utime and stime of all processes of the server, including its ended backends. */
    private static long postgresTicks() throws IOException {
        List<Path> all = new ArrayList<>();
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            processes.forEach(all::add);
        }
        long ticks = 0;
        for (Path process : all) {
            try {
                String stat = Files.readString(process.resolve("stat"));
                if (stat.contains("(postgres)")) {
                    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
                    ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
                }
            } catch (IOException e) {
                // it has ended meanwhile
            }
        }
        return ticks;
    }
}
