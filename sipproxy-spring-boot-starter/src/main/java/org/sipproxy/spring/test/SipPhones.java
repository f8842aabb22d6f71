package org.sipproxy.spring.test;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.spring.SipProxyProperties;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.LeakCheck;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.Registrations;

/**
 * Phones on the proxy of the application. They are closed after each test, and their bindings are removed. A test that
 * passed fails afterwards if it left calls or requests, see {@link LeakCheck}. If a test fails, the messages on the
 * wire are drawn on standard error.
 *
 * <p>Does not support concurrent tests of one context.
 */
public final class SipPhones {

    private final Supplier<SipProxy> proxy;
    private final Map<String, String> passwords = new HashMap<>();
    private final Ladder ladder;
    private final PhoneNames phones;
    /** Null until the test opens its first phone, without which it cannot leave anything. */
    private @Nullable LeakCheck leakCheck;

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
        if (leakCheck == null) {
            leakCheck = LeakCheck.before(proxy.get());
        }
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
        return registrations().bindings(user);
    }

    /** Returns the bindings of the proxy; its methods wait until the application has registered or unregistered. */
    public Registrations registrations() {
        return Registrations.of(proxy.get(), ladder);
    }

    /** Returns the messages on the wire in this test. */
    public Ladder ladder() {
        return ladder;
    }

    void beforeTest() {
        ladder.clear();
        leakCheck = null;
    }

    /** Closes the phones. Returns what the test has left behind. */
    List<String> afterTest() {
        List<Phone> opened = phones.removeAll();
        LeakCheck check = leakCheck;
        List<String> leaks = check == null ? List.of() : check.after(opened);
        for (Phone phone : opened) {
            phone.pendingCalls().forEach(IncomingCall::decline);
            phone.close();
            registrations().removeBindingsOf(phone);
        }
        return leaks;
    }
}
