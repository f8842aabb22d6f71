package org.sipproxy.server.operations;

import java.lang.management.ManagementFactory;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.sipproxy.core.SipProxy;

/** All figures of a server by name, such as {@code proxy.requests}. docs/commands.md lists the groups. */
public final class Figures {

    private final SipProxy proxy;
    private final ServerComponents components;
    private final Registrations registrations;

    Figures(SipProxy proxy, ServerComponents components, Registrations registrations) {
        this.proxy = proxy;
        this.components = components;
        this.registrations = registrations;
    }

    /**
     * Returns figures.
     *
     * @param pattern a name, or a part of names with {@code *} for any characters, such as {@code proxy.*connections};
     *     empty for all figures
     */
    public SortedMap<String, Long> list(String pattern) {
        Predicate<String> wanted = matcher(pattern);
        SortedMap<String, Long> all = all();
        all.keySet().removeIf(wanted.negate());
        return all;
    }

    private static Predicate<String> matcher(String pattern) {
        if (pattern.isEmpty()) {
            return name -> true;
        }
        // a group without its figures, such as proxy, is a pattern too
        return name -> matches(pattern, name) || name.startsWith(pattern + ".");
    }

    /** Takes at most the product of both lengths, unlike a regular expression with many stars. */
    static boolean matches(String pattern, String name) {
        int p = 0;
        int n = 0;
        int star = -1; // the latest star, which takes as little as possible
        int taken = 0;
        while (n < name.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                taken = n;
            } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(n)) {
                p++;
                n++;
            } else if (star >= 0) {
                p = star + 1;
                n = ++taken;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }

    private SortedMap<String, Long> all() {
        SortedMap<String, Long> all = new TreeMap<>();
        add(all, "proxy", proxy.statistics());
        add(all, "store", proxy.storeStatus());
        components.refusals().forEach((reason, count) -> all.put("refusals." + snakeCase(reason), count));
        components.runtime().calls().ifPresent(calls -> add(all, "calls", calls.statistics()));
        components.recordings().forEach(one -> add(all, "recording." + one.name(), one.statistics()));
        components.figures().forEach((group, statistics) -> add(all, group, statistics.get()));
        Registrations.Count count = registrations.count();
        all.put("registrations.users", count.users());
        all.put("registrations.bindings", count.bindings());
        components
                .digest()
                .ifPresent(digest ->
                        all.put("security.lockouts", (long) digest.lockouts().size()));
        components
                .guard()
                .ifPresent(guard -> all.put("security.bans", (long) guard.bans().size()));
        components
                .accessList()
                .ifPresent(list ->
                        all.put("security.access_rules", (long) list.rules().size()));
        Runtime heap = Runtime.getRuntime();
        all.put("jvm.heap_used", heap.totalMemory() - heap.freeMemory());
        all.put("jvm.heap_max", heap.maxMemory());
        all.put("jvm.threads", (long) ManagementFactory.getThreadMXBean().getThreadCount());
        all.put("jvm.uptime_seconds", ManagementFactory.getRuntimeMXBean().getUptime() / 1_000);
        return all;
    }

    /** Adds the numbers of a record, durations in milliseconds, and booleans as 0 or 1. */
    private static void add(Map<String, Long> all, String group, Record statistics) {
        for (RecordComponent component : statistics.getClass().getRecordComponents()) {
            Object value;
            try {
                value = component.getAccessor().invoke(statistics);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(component + " cannot be read", e);
            }
            String name = group + "." + snakeCase(component.getName());
            if (value instanceof Number number) {
                all.put(name, number.longValue());
            } else if (value instanceof Boolean flag) {
                all.put(name, flag ? 1L : 0L);
            } else if (value instanceof Duration duration) {
                all.put(name + "_ms", duration.toMillis());
            }
        }
    }

    private static String snakeCase(String text) {
        return text.replaceAll("([a-z])([A-Z])", "$1_$2")
                .replaceAll("[^A-Za-z0-9]+", "_")
                .toLowerCase(Locale.ROOT);
    }
}
