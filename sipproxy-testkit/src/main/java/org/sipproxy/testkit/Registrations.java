package org.sipproxy.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.trace.Ladder;

/**
 * Bindings of the users of a proxy, for tests that wait for the application under test to register. Works with any
 * started proxy:
 *
 * <pre>{@code
 * Registrations.of(proxy).awaitRegistered("ivr");
 * }</pre>
 *
 * <p>A user is a name in the first domain of the proxy, or {@code user@domain}. Immutable and thread-safe.
 */
public final class Registrations {

    /** Time limit of methods that wait without an own one. */
    public static final Duration PATIENCE = Duration.ofSeconds(10);

    private final SipProxy proxy;
    private final Ladder ladder;
    private final @Nullable TestClock clock;

    Registrations(SipProxy proxy, Ladder ladder, @Nullable TestClock clock) {
        this.proxy = Objects.requireNonNull(proxy, "proxy");
        this.ladder = Objects.requireNonNull(ladder, "ladder");
        this.clock = clock;
    }

    /**
     * Returns the registrations of a proxy. Records its messages from now on, for the text of a failed wait, until the
     * proxy is closed.
     */
    public static Registrations of(SipProxy proxy) {
        Ladder ladder = new Ladder();
        proxy.addWireListener(ladder);
        return of(proxy, ladder);
    }

    /**
     * Returns the registrations of a proxy.
     *
     * @param ladder record of the messages on its wire, for the text of a failed wait
     */
    public static Registrations of(SipProxy proxy, Ladder ladder) {
        return new Registrations(proxy, ladder, null);
    }

    /** Returns the unexpired bindings of a user, in the order in which they were added. */
    public List<Binding> bindings(String user) {
        return proxy.locationStore().lookup(aor(user));
    }

    /**
     * Waits up to 10 s until a user has a binding, and returns the bindings of the user.
     *
     * @throws AssertionError if the user has none; its message lists the registered users and draws the messages
     */
    public List<Binding> awaitRegistered(String user) {
        return awaitRegistered(user, PATIENCE);
    }

    /** Waits like {@link #awaitRegistered(String)}, up to {@code patience}. */
    public List<Binding> awaitRegistered(String user, Duration patience) {
        List<Binding> found = new ArrayList<>();
        if (!new Patience(patience, clock).await(() -> found.addAll(bindings(user)))) {
            throw new AssertionError(aor(user) + " was not registered within " + patience + "; registered: "
                    + registered() + "\n" + ladder);
        }
        return List.copyOf(found);
    }

    /**
     * Waits up to 10 s until a user has no binding. A binding that expires ends the wait, too.
     *
     * @throws AssertionError if the user still has one; its message lists the contacts and draws the messages
     */
    public void awaitUnregistered(String user) {
        awaitUnregistered(user, PATIENCE);
    }

    /** Waits like {@link #awaitUnregistered(String)}, up to {@code patience}. */
    public void awaitUnregistered(String user, Duration patience) {
        if (!new Patience(patience, clock).await(() -> bindings(user).isEmpty())) {
            throw new AssertionError(aor(user) + " was still registered after " + patience + ": "
                    + contacts(bindings(user)) + "\n" + ladder);
        }
    }

    /** Removes the bindings that a phone has registered and not removed, so that the next test does not call it. */
    public void removeBindingsOf(Phone phone) {
        proxy.locationStore().update(aor(phone.user() + "@" + phone.domain()), current -> {
            List<Binding> others = current.stream()
                    .filter(binding -> !binding.callId().equals(phone.registrationCallId()))
                    .toList();
            return others.size() == current.size() ? current : others;
        });
    }

    private String registered() {
        TreeMap<String, String> users = new TreeMap<>();
        proxy.locationStore().forEach((aor, bindings) -> users.put(aor.toString(), contacts(bindings)));
        return users.isEmpty()
                ? "none"
                : users.entrySet().stream()
                        .map(user -> user.getKey() + " at " + user.getValue())
                        .collect(Collectors.joining(", "));
    }

    private static String contacts(List<Binding> bindings) {
        return bindings.stream().map(binding -> binding.contact().toString()).collect(Collectors.joining(" "));
    }

    private Aor aor(String user) {
        int at = user.lastIndexOf('@');
        String name = at < 0 ? user : user.substring(0, at);
        String domain = at < 0 ? proxy.settings().domains().get(0) : user.substring(at + 1);
        return new Aor(proxy.settings().registrar().userCase().canonical(name), domain);
    }
}
