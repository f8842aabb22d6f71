package org.sipproxy.benchmarks;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongBiFunction;

/**
 * CPU time and allocation of the message path: from {@code InboundHandler.onMessage} to {@code TransportFlow.send},
 * without the network. Compares builds of the library in one JVM, in turns, so that other load of the machine affects
 * all of them. Start several JVMs, with the builds in either order, because each compiles the code differently and the
 * first build may be a few percent slower.
 *
 * <p>Usage: {@code PathCosts [ROUNDS [NAME=CLASSPATH]...]}. Default 200 rounds of the code on the class path, with the
 * number of registered users in the system property {@code users}. Prints the lower quartile of the CPU time and the
 * median of the bytes.
 */
public final class PathCosts {

    /**
     * Kinds of transactions: three that this proxy responds to or relays, a whole call, and the retransmission of a
     * request in progress.
     */
    private static final List<String> KINDS =
            List.of("options", "register", "message", "invite", "again-message", "again-invite");

    /** The transactions of one kind in a round. */
    private static final int TRANSACTIONS = 500;

    private final Map<String, ToLongBiFunction<String, long[]>> paths = new LinkedHashMap<>();

    private PathCosts() {}

    /** Prints the results. */
    public static void main(String[] args) throws IOException, ReflectiveOperationException {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 200;
        PathCosts costs = new PathCosts();
        for (int i = 1; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            costs.add(args[i].substring(0, equals), loader(args[i].substring(equals + 1)));
        }
        if (args.length < 2) {
            costs.add("this", PathCosts.class.getClassLoader());
        }
        costs.measure(rounds);
        System.exit(0); // the proxies have threads
    }

    private static ClassLoader loader(String classPath) throws IOException {
        List<URL> urls = new ArrayList<>();
        for (String part : classPath.split(File.pathSeparator, -1)) {
            urls.add(new File(part).toURI().toURL());
        }
        return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    @SuppressWarnings("unchecked") // MessagePath implements it
    private void add(String name, ClassLoader loader) throws ReflectiveOperationException {
        Class<?> type = loader.loadClass(PathCosts.class.getPackageName() + ".MessagePath");
        paths.put(name, (ToLongBiFunction<String, long[]>) type.getConstructor().newInstance());
    }

    private void measure(int rounds) {
        Map<String, double[][]> figures = new LinkedHashMap<>();
        for (int round = -2 * rounds; round < rounds; round++) { // the first two thirds load and compile the code
            for (String kind : KINDS) {
                for (String name : paths.keySet()) {
                    long[] result = new long[2];
                    long messages = paths.get(name).applyAsLong(kind + " " + TRANSACTIONS, result);
                    if (round >= 0) {
                        double[][] all = figures.computeIfAbsent(kind + " " + name, key -> new double[2][rounds]);
                        all[0][round] = result[0] / 1_000.0 / messages;
                        all[1][round] = (double) result[1] / messages;
                    }
                }
            }
        }
        for (Map.Entry<String, double[][]> entry : figures.entrySet()) {
            double[] micros = entry.getValue()[0];
            double[] bytes = entry.getValue()[1];
            Arrays.sort(micros);
            Arrays.sort(bytes);
            System.out.printf(
                    "%-24s %7.3f us %8.0f bytes%n", entry.getKey(), micros[micros.length / 4], bytes[bytes.length / 2]);
        }
    }
}
