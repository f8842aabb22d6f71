package org.sipproxy.testkit;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.SipMessage;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/**
 * A registrar and proxy for the tests of a class, on free ports of 127.0.0.1, UDP and TCP:
 *
 * <pre>{@code
 * @RegisterExtension
 * final SipProxyExtension sip = SipProxyExtension.builder()
 *     .configure(proxy -> proxy.beforeRouting(new MyStage()))
 *     .build();
 *
 * @Test
 * void bobIsCalled() {
 *   Phone alice = sip.phone("alice");
 *   Phone bob = sip.registeredPhone("bob");
 *   OutgoingCall call = alice.call("bob");
 *   bob.awaitCall().ring().answer();
 *   call.awaitAnswer().hangUp();
 * }
 * }</pre>
 *
 * <p>In a field of the instance each test has a proxy of its own; in a static one the tests of the class share one. Phones that a test
 * opens are closed after it, and their bindings removed. It is not for tests of one class that run at the same time.
 *
 * <p>A test that passes fails afterwards if a phone has left a call unanswered or has a {@linkplain Phone#complaints() complaint}, if
 * the proxy still waits for an answer, or if a thread of the closed proxy is left. Dialogs may stay open. When a test fails, what
 * went over the wire is drawn on standard error.
 */
public final class SipProxyExtension
        implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {

    private static final String HOST = "127.0.0.1";

    private final String domain;
    private final Builder options;
    private final Ladder ladder = new Ladder(this::nameOf);
    private final Opened ofClass = new Opened();
    private final Opened ofTest = new Opened();
    private volatile @Nullable Running running;
    private boolean inTest;
    /** How many classes, nested ones in each other, share the proxy; 0 if each test has its own. */
    private int classes;

    /** A proxy and the threads that it has started. */
    private record Running(SipProxy proxy, ThreadFence threads) {}

    private SipProxyExtension(Builder options) {
        this.options = options;
        this.domain = options.domain;
    }

    /** A proxy for {@code sip.test} where anybody may register and call. */
    public static SipProxyExtension create() {
        return builder().build();
    }

    /** Options of the proxy. */
    public static Builder builder() {
        return new Builder();
    }

    // ---- what a test asks for

    /**
     * The proxy, which is started.
     *
     * @throws IllegalStateException outside of a test
     */
    public SipProxy proxy() {
        Running now = running;
        if (now == null) {
            throw new IllegalStateException("proxy: not started; annotate the field with @RegisterExtension");
        }
        return now.proxy();
    }

    /** The domain that it serves. */
    public String domain() {
        return domain;
    }

    /** Where it listens for UDP. */
    public InetSocketAddress udp() {
        return address(TransportKind.UDP);
    }

    /** Where it listens for TCP. */
    public InetSocketAddress tcp() {
        return address(TransportKind.TCP);
    }

    /** Its first listening point of that transport. */
    public InetSocketAddress address(TransportKind kind) {
        return addresses(kind)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("address: the proxy does not listen for " + kind));
    }

    /** Its listening points of that transport, in the order in which they were given; those of the extension come first. */
    public Stream<InetSocketAddress> addresses(TransportKind kind) {
        return proxy().boundEndpoints().stream()
                .filter(endpoint -> endpoint.kind() == kind)
                .map(endpoint -> new InetSocketAddress(hostOf(endpoint), endpoint.port()));
    }

    private static String hostOf(Endpoint endpoint) {
        InetSocketAddress address = new InetSocketAddress(endpoint.host(), endpoint.port());
        InetAddress host = address.getAddress();
        return host != null && host.isAnyLocalAddress() ? HOST : endpoint.host();
    }

    /** A phone that speaks UDP, with the password that its user has here. It is not registered. */
    public Phone phone(String user) {
        return phone(user, options -> {});
    }

    /** A phone with options of its own. */
    public Phone phone(String user, Consumer<Phone.Builder> customizer) {
        Phone.Builder phone = Phone.builder(user).domain(domain).proxies(this::address);
        String password = options.passwords.get(user);
        if (password != null) {
            phone.password(password);
        }
        customizer.accept(phone);
        return closing(phone.open());
    }

    /** A phone that speaks UDP and is registered. */
    public Phone registeredPhone(String user) {
        return registeredPhone(user, options -> {});
    }

    /** A registered phone with options of its own. */
    public Phone registeredPhone(String user, Consumer<Phone.Builder> customizer) {
        Phone phone = phone(user, customizer);
        phone.register();
        return phone;
    }

    /** Closes it after the test, or after the class if this is called before the first test; returns it. */
    public <T extends AutoCloseable> T closing(T resource) {
        (inTest ? ofTest : ofClass).add(resource);
        return resource;
    }

    /** The unexpired bindings of a user of the domain. */
    public List<Binding> bindings(String user) {
        return proxy().locationStore().lookup(new Aor(user, domain));
    }

    /** What has gone over the wire in this test. */
    public Ladder ladder() {
        return ladder;
    }

    private Optional<String> nameOf(InetSocketAddress address) {
        return Stream.of(ofTest, ofClass)
                .flatMap(opened -> opened.phones().stream())
                .filter(phone -> phone.isSeenAs(address))
                .map(Phone::user)
                .findFirst();
    }

    // ---- what JUnit calls

    @Override
    public void beforeAll(ExtensionContext context) {
        classes++;
        if (running == null) {
            start();
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        ladder.clear();
        if (running == null) {
            start();
        }
        inTest = true;
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        inTest = false;
        boolean failed = context.getExecutionException().isPresent();
        List<String> leaks = new ArrayList<>();
        if (!failed && options.leakCheck) {
            leaks.addAll(LeakCheck.ofPhones(ofTest.phones()));
            leaks.addAll(LeakCheck.ofProxy(proxy()));
        }
        String drawing = ladder.toString();
        List<Phone> phones = ofTest.phones();
        phones.forEach(Phone::refusePendingCalls); // a proxy that is closed waits for them
        try {
            ofTest.close();
        } finally {
            if (classes > 0) {
                removeBindings(phones);
            } else {
                leaks.addAll(stop());
            }
        }
        if (failed || !leaks.isEmpty()) {
            System.err.println(context.getDisplayName() + "\n" + drawing);
        }
        fail(leaks, context);
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        classes--;
        if (classes == 0) {
            List<String> leaks = new ArrayList<>();
            if (options.leakCheck) {
                leaks.addAll(LeakCheck.ofPhones(ofClass.phones()));
            }
            leaks.addAll(stop());
            fail(leaks, context);
        }
    }

    private void fail(List<String> leaks, ExtensionContext context) {
        if (!leaks.isEmpty()) {
            throw new AssertionError(
                    context.getDisplayName() + " left something behind; finish it, or build the extension"
                            + " with withoutLeakCheck():\n  " + String.join("\n  ", leaks));
        }
    }

    private void start() {
        ThreadFence threads = new ThreadFence();
        threads.run(() -> {
            SipProxy proxy = options.proxy(ladder);
            proxy.start();
            running = new Running(proxy, threads);
        });
    }

    /** Closes what was opened, and the proxy if it could be started; tells what threads are left. */
    private List<String> stop() throws Exception {
        Running last = running;
        running = null;
        try {
            ofClass.close();
        } finally {
            if (last != null) {
                last.proxy().close();
            }
        }
        return last != null && options.leakCheck ? LeakCheck.ofThreads(last.threads()) : List.of();
    }

    /** The next test of the class would otherwise call phones that are gone. */
    private void removeBindings(List<Phone> phones) {
        for (Phone phone : phones) {
            proxy().locationStore().update(new Aor(phone.user(), domain), current -> {
                List<Binding> others = current.stream()
                        .filter(binding -> !binding.callId().equals(phone.registrationCallId()))
                        .toList();
                return others.size() == current.size() ? current : others;
            });
        }
    }

    /** Options of a {@link SipProxyExtension}. Not safe for use by several threads. */
    public static final class Builder {

        private String domain = "sip.test";
        private final Map<String, String> passwords = new LinkedHashMap<>();
        private DigestAlgorithm[] algorithms = {};
        private @Nullable Authentication authentication;
        private Consumer<SipProxyBuilder> customizer = proxy -> {};
        private @Nullable WireListener wireListener;
        private boolean leakCheck = true;

        private Builder() {}

        /** The domain, which is also the digest realm. Default {@code sip.test}. */
        public Builder domain(String value) {
            domain = Objects.requireNonNull(value, "value").toLowerCase(Locale.ROOT);
            return this;
        }

        /**
         * A user who has to prove the password by digest; repeat it. Phones with that user know it. Default none: then anybody may
         * register and call.
         */
        public Builder user(String user, String password) {
            passwords.put(Objects.requireNonNull(user, "user"), Objects.requireNonNull(password, "password"));
            return this;
        }

        /** The digest algorithms that are offered. Default what {@link DigestAuthentication} offers by itself, MD5. */
        public Builder algorithms(DigestAlgorithm... offered) {
            algorithms = offered.clone();
            return this;
        }

        /** Authentication of the test's own, instead of digest with the users given here; their phones still know the passwords. */
        public Builder authentication(Authentication step) {
            authentication = Objects.requireNonNull(step, "step");
            return this;
        }

        /**
         * What else the proxy is to have: stages, components, a clock, more listening points. Called before each start. Everything may
         * be given but a domain's authentication and the wire listener, which are options here.
         */
        public Builder configure(Consumer<SipProxyBuilder> more) {
            customizer = customizer.andThen(Objects.requireNonNull(more, "more"));
            return this;
        }

        /** Sees every message too, beside the {@link SipProxyExtension#ladder() ladder}. */
        public Builder wireListener(WireListener listener) {
            wireListener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /** A test may leave calls unanswered and requests under way: where that is what it is about. */
        public Builder withoutLeakCheck() {
            leakCheck = false;
            return this;
        }

        /** The extension; the proxy is made when JUnit calls. */
        public SipProxyExtension build() {
            return new SipProxyExtension(this);
        }

        private SipProxy proxy(Ladder ladder) {
            SipProxyBuilder builder = SipProxy.builder()
                    .listen(Endpoint.udp(HOST, 0))
                    .listen(Endpoint.tcp(HOST, 0))
                    .domain(domain)
                    .wireListener(wireListener == null ? ladder : new BothListeners(ladder, wireListener));
            Authentication step = authentication;
            if (step != null) {
                builder.authentication(step);
            } else if (passwords.isEmpty()) {
                builder.noAuthentication();
            } else {
                builder.authentication(digest());
            }
            customizer.accept(builder);
            return builder.build();
        }

        private DigestAuthentication digest() {
            InMemoryCredentials users = InMemoryCredentials.of();
            passwords.forEach((user, password) -> users.put(Credential.ofPassword(user, domain, password)));
            DigestAuthentication.Builder digest = DigestAuthentication.builder().credentials(users);
            if (algorithms.length > 0) {
                digest.algorithms(algorithms);
            }
            return digest.build();
        }
    }

    private record BothListeners(WireListener first, WireListener second) implements WireListener {

        @Override
        public void received(SipMessage message, Flow from) {
            first.received(message, from);
            second.received(message, from);
        }

        @Override
        public void sent(SipMessage message, Flow to) {
            first.sent(message, to);
            second.sent(message, to);
        }
    }
}
