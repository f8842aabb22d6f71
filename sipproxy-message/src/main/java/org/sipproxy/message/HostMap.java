package org.sipproxy.message;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Map from hosts to values. Hosts are the same if their {@link HostName normal forms} are equal. A look-up by the host
 * of a URI does not create a text, so that each message may be compared with many names.
 *
 * <p>Not thread-safe while hosts are added; afterwards safe for use by several threads if it was published safely.
 */
public final class HostMap<V> {

    private @Nullable Entry<V>[] table = newTable(16);
    private int size;

    /** Creates an empty map. */
    public HostMap() {}

    /** Sets the value of a host, and returns the previous one; null if there was none. */
    public @Nullable V put(String host, V value) {
        String normal = HostName.normal(Objects.requireNonNull(host, "host"));
        Entry<V> known = find(normal);
        if (known != null) {
            V before = known.value;
            known.value = value;
            return before;
        }
        if (++size > table.length / 2) {
            grow();
        }
        link(table, new Entry<>(normal, value));
        return null;
    }

    /** Returns the value of a host; null if it is not in the map. */
    public @Nullable V get(String host) {
        Entry<V> found = find(HostName.normal(Objects.requireNonNull(host, "host")));
        return found == null ? null : found.value;
    }

    /** Returns the value of the URI's host; null if it is not in the map, or if the URI has no host. */
    public @Nullable V get(SipUri uri) {
        if (!uri.isSip()) {
            return null;
        }
        // the hash that String.hashCode has for the text in lower case
        int hash = 0;
        for (int i = uri.hostStart; i < uri.hostEnd; i++) {
            hash = 31 * hash + Chars.lower(uri.a[i]);
        }
        for (Entry<V> e = table[slot(hash, table)]; e != null; e = e.next) {
            if (e.hash == hash && Chars.equalsIgnoreCase(uri.a, uri.hostStart, uri.hostEnd, e.host)) {
                return e.value;
            }
        }
        return HostName.isNormal(uri.a, uri.hostStart, uri.hostEnd) ? null : get(uri.host());
    }

    private @Nullable Entry<V> find(String normal) {
        int hash = normal.hashCode();
        for (Entry<V> e = table[slot(hash, table)]; e != null; e = e.next) {
            if (e.hash == hash && e.host.equals(normal)) {
                return e;
            }
        }
        return null;
    }

    private void grow() {
        @Nullable Entry<V>[] larger = newTable(table.length * 2);
        for (Entry<V> chain : table) {
            for (Entry<V> e = chain; e != null; ) {
                Entry<V> next = e.next;
                link(larger, e);
                e = next;
            }
        }
        table = larger;
    }

    private static <V> void link(@Nullable Entry<V>[] table, Entry<V> entry) {
        int slot = slot(entry.hash, table);
        entry.next = table[slot];
        table[slot] = entry;
    }

    private static int slot(int hash, @Nullable Entry<?>[] table) {
        return (hash ^ hash >>> 16) & (table.length - 1);
    }

    /** @param length a power of two */
    @SuppressWarnings("unchecked") // an array of a generic type cannot be created otherwise
    private static <V> @Nullable Entry<V>[] newTable(int length) {
        return (@Nullable Entry<V>[]) new Entry<?>[length];
    }

    private static final class Entry<V> {

        final String host;
        final int hash;
        V value;

        @Nullable
        Entry<V> next;

        Entry(String host, V value) {
            this.host = host;
            this.hash = host.hashCode();
            this.value = value;
        }
    }
}
