package org.sipproxy.server.operations;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.message.SipUri;
import org.sipproxy.server.operations.OperationException.Kind;

/** Registered contacts. Methods may block if the storage mode reads the database. */
public final class Registrations {

    /** How long a count of all bindings is used, in nanoseconds. */
    private static final long COUNT_AGE = 2_000_000_000L;

    /**
     * Result of {@link #show}.
     *
     * @param users addresses-of-record with bindings
     * @param total bindings of these users
     * @param bindings the bindings, by address-of-record; fewer than {@code total} if a limit was reached
     */
    public record Shown(int users, int total, List<BindingInfo> bindings) {}

    private record Entry(Aor aor, List<Binding> bindings) {}

    /** Number of users and bindings, and when they were counted. */
    record Count(long users, long bindings, long atNanos) {}

    private final ServerComponents components;
    private volatile Count count = new Count(0, 0, System.nanoTime() - 2 * COUNT_AGE);

    Registrations(ServerComponents components) {
        this.components = components;
    }

    /**
     * Returns bindings.
     *
     * @param user a user as {@code 1001}, {@code 1001@sip.test} or {@code sip:1001@sip.test}; empty for all users
     * @param limit how many bindings are returned at most
     * @throws OperationException if the user has no binding, or the store cannot be read
     */
    public Shown show(String user, int limit) {
        List<Aor> aors = new ArrayList<>();
        List<BindingInfo> found = new ArrayList<>();
        var now = components.runtime().now();
        try {
            if (user.isEmpty()) {
                components.runtime().locationStore().forEach((aor, bindings) -> {
                    aors.add(aor);
                    bindings.forEach(binding -> found.add(BindingInfo.of(aor, binding, now)));
                });
            } else {
                for (Aor aor : named(user)) {
                    List<Binding> bindings =
                            components.runtime().locationStore().lookup(aor);
                    bindings.forEach(binding -> found.add(BindingInfo.of(aor, binding, now)));
                    if (!bindings.isEmpty()) {
                        aors.add(aor);
                    }
                }
            }
        } catch (LocationStoreException e) {
            throw unreadable(e);
        }
        if (!user.isEmpty() && found.isEmpty()) {
            throw absent(user);
        }
        found.sort(Comparator.comparing(BindingInfo::aor)); // stable: contacts stay in the order of the store
        return new Shown(
                aors.size(), found.size(), found.size() > limit ? List.copyOf(found.subList(0, limit)) : found);
    }

    /**
     * Returns the bindings of the addresses-of-record that contain a text, regardless of case.
     *
     * @param part a part of an address-of-record, such as {@code 100}; empty for all
     * @param limit how many bindings are returned at most
     * @return no bindings if none is found
     * @throws OperationException if the store cannot be read
     */
    public Shown search(String part, int limit) {
        String wanted = part.toLowerCase(Locale.ROOT);
        SortedMap<String, Entry> found = new TreeMap<>();
        AtomicInteger total = new AtomicInteger();
        try {
            components.runtime().locationStore().forEach((aor, bindings) -> {
                String name = aor.toString();
                if (name.toLowerCase(Locale.ROOT).contains(wanted)) {
                    found.put(name, new Entry(aor, bindings));
                    total.addAndGet(bindings.size());
                }
            });
        } catch (LocationStoreException e) {
            throw unreadable(e);
        }
        var now = components.runtime().now();
        List<BindingInfo> shown = found.values().stream()
                .flatMap(entry -> entry.bindings().stream().map(binding -> BindingInfo.of(entry.aor(), binding, now)))
                .limit(limit)
                .toList();
        return new Shown(found.size(), total.get(), shown);
    }

    /**
     * Removes bindings, in all storage modes, with the reason {@code ADMIN}.
     *
     * @param user as for {@link #show}; not empty
     * @param contact the URI of the contact; empty for all contacts of the user
     * @return how many were removed; at least 1
     * @throws OperationException if there is no such binding, or the change could not be stored
     */
    public int remove(String user, String contact) {
        int removed = 0;
        for (Aor aor : named(user)) {
            removed += remove(aor, contact);
        }
        if (removed == 0) {
            throw contact.isEmpty()
                    ? absent(user)
                    : new OperationException(
                            Kind.NOT_FOUND, user + " has no contact " + contact + "; the command ul show lists them");
        }
        return removed;
    }

    private int remove(Aor aor, String contact) {
        AtomicInteger removed = new AtomicInteger();
        try {
            components.runtime().locationStore().update(aor, current -> {
                List<Binding> kept = current.stream()
                        .filter(binding -> !contact.isEmpty() && !isContact(binding, contact))
                        .toList();
                removed.set(current.size() - kept.size()); // set and not added: a change may run more than once
                return removed.get() == 0 ? current : kept;
            });
        } catch (LocationStoreException e) {
            throw unreadable(e);
        }
        return removed.get();
    }

    private static boolean isContact(Binding binding, String contact) {
        String uri =
                contact.startsWith("<") && contact.endsWith(">") ? contact.substring(1, contact.length() - 1) : contact;
        return binding.contact().toString().equals(uri);
    }

    /** Returns the addresses-of-record that a user may have: one for each domain if no domain is given. */
    private List<Aor> named(String user) {
        String text = user.matches("(?i)sips?:.*") ? user : "sip:" + user;
        List<String> uris = text.indexOf('@') >= 0
                ? List.of(text)
                : components.runtime().domains().stream()
                        .map(domain -> text + "@" + domain)
                        .toList();
        try {
            return uris.stream().map(uri -> Aor.of(SipUri.of(uri))).toList();
        } catch (IllegalArgumentException e) {
            throw new OperationException(
                    Kind.INVALID, "\"" + user + "\" is not a user; write it as 1001 or 1001@DOMAIN");
        }
    }

    private static OperationException absent(String user) {
        return new OperationException(Kind.NOT_FOUND, user + " is not registered");
    }

    private static OperationException unreadable(LocationStoreException e) {
        return new OperationException(Kind.FAILED, "the location store failed: " + e.getMessage());
    }

    /** Counts users and bindings. A count is used for two seconds, because it visits all of them. */
    Count count() {
        Count known = count;
        long now = System.nanoTime();
        if (now - known.atNanos() < COUNT_AGE) {
            return known;
        }
        AtomicLong users = new AtomicLong();
        AtomicLong bindings = new AtomicLong();
        try {
            components.runtime().locationStore().forEach((aor, list) -> {
                users.incrementAndGet();
                bindings.addAndGet(list.size());
            });
        } catch (LocationStoreException e) {
            return known; // the health reports that the database is down
        }
        Count counted = new Count(users.get(), bindings.get(), now);
        count = counted;
        return counted;
    }
}
