package org.sipproxy.spring.test;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.spring.SipProxyProperties;
import org.sipproxy.testkit.Phone;

/**
 * Phones on the proxy of the application. They are closed after each test, and their bindings are removed. A test that
 * passed fails afterwards if a phone has an unanswered call or a {@linkplain Phone#complaints() complaint}. If a test
 * fails, the messages on the wire are drawn on standard error.
 *
 * <p>Does not support concurrent tests of one context.
 */
public final class SipPhones {

    private static final Duration GRACE = Duration.ofSeconds(3);

    private final Supplier<SipProxy> proxy;
    private final Map<String, String> passwords = new HashMap<>();
    private final Ladder ladder;
    private final PhoneNames phones;

    SipPhones(Supplier<SipProxy> proxy, @Nullable SipProxyProperties properties, Ladder ladder, PhoneNames phones) {
        this.proxy = proxy;
        this.ladder = ladder;
        this.phones = phones;
        if (properties != null) {
            properties.subscriber().stream()
                    .map(text -> text.split(":", 2))
                    .filter(parts -> parts.length == 2)
                    .forEach(parts -> passwords.put(parts[0], parts[1]));
        }
    }

    /**
     * Opens a UDP phone of a user of the first domain. It is not registered. It knows the password of a user of
     * {@code sipproxy.subscriber}.
     */
    public Phone phone(String user) {
        return phone(user, options -> {});
    }

    /** Opens a phone with options, such as its password or transport. It is not registered. */
    public Phone phone(String user, Consumer<Phone.Builder> customizer) {
        Phone.Builder builder = Phone.builder(user).domain(domain()).proxy(proxy.get());
        String password = passwords.get(user);
        if (password != null) {
            builder.password(password);
        }
        customizer.accept(builder);
        Phone phone = builder.open();
        phones.add(phone);
        return phone;
    }

    /** Opens a UDP phone and registers it. */
    public Phone registered(String user) {
        return registered(user, options -> {});
    }

    /** Opens a phone with options and registers it. */
    public Phone registered(String user, Consumer<Phone.Builder> customizer) {
        Phone phone = phone(user, customizer);
        phone.register();
        return phone;
    }

    /** Returns the first domain of the proxy. */
    public String domain() {
        return proxy.get().settings().domains().get(0);
    }

    /**
     * Returns the address of the first listening point of a transport.
     *
     * @throws IllegalArgumentException if the proxy does not listen for it
     */
    public InetSocketAddress address(TransportKind kind) {
        return proxy.get().boundEndpoints().stream()
                .filter(endpoint -> endpoint.kind() == kind)
                .findFirst()
                .map(endpoint -> new InetSocketAddress(endpoint.host(), endpoint.port()))
                .orElseThrow(() -> new IllegalArgumentException("address: the proxy does not listen for " + kind));
    }

    /** Returns the unexpired bindings of a user of the first domain. */
    public List<Binding> bindings(String user) {
        return proxy.get().locationStore().lookup(aor(user));
    }

    private Aor aor(String user) {
        return new Aor(proxy.get().settings().registrar().userCase().canonical(user), domain());
    }

    /** Returns the messages on the wire in this test. */
    public Ladder ladder() {
        return ladder;
    }

    void beforeTest() {
        ladder.clear();
    }

    /** Waits for what is on its way, such as the CANCEL of a call to another phone. */
    private static void awaitNoCalls(List<Phone> phones) {
        long limit = System.nanoTime() + GRACE.toNanos();
        while (System.nanoTime() - limit < 0
                && phones.stream().anyMatch(phone -> !phone.pendingCalls().isEmpty())) {
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Closes the phones. Returns what the test has left behind. */
    List<String> afterTest() {
        List<String> left = new ArrayList<>();
        List<Phone> opened = phones.removeAll();
        awaitNoCalls(opened);
        for (Phone phone : opened) {
            phone.pendingCalls().forEach(call -> {
                left.add(phone.user() + " has a call that it has not answered: " + call.id());
                call.decline();
            });
            phone.complaints().forEach(complaint -> left.add(phone.user() + ": " + complaint));
            phone.close();
            proxy.get()
                    .locationStore()
                    .update(
                            aor(phone.user()),
                            current -> current.stream()
                                    .filter(binding ->
                                            !binding.contact().toString().equals(phone.contact()))
                                    .toList());
        }
        return left;
    }
}
