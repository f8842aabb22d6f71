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
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.trace.Ladder;

/**
 * Registrar and proxy for the tests of a class, on free UDP and TCP ports of 127.0.0.1:
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
 * <p>In an instance field, each test has its own proxy; in a static field, the tests of the class share one. Phones
 * that a test opens are closed after it, and their bindings removed. Proxy, ladder and phones may also be parameters of
 * tests, as with {@link SipProxyTest}, which is this extension as an annotation. Concurrent tests of one class are
 * supported in an instance field, unless the class has one instance for all tests ({@code PER_CLASS}).
 *
 * <p>A test that passed fails afterwards if a phone has an unanswered call or a {@linkplain Phone#complaints()
 * complaint}, if the proxy still waits for a final response, or if a thread of the closed proxy is alive. Dialogs may
 * stay open. If a test fails, the messages on the wire are drawn on standard error.
 */
public final class SipProxyExtension
        implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback, ParameterResolver {

    private static final String HOST = "127.0.0.1";

    private final String domain;
    private final Builder options;
    private final Ladder ladder = new Ladder(this::nameOf);
    private final Opened ofClass = new Opened();
    private final Opened ofTest = new Opened();
    private volatile @Nullable Running running;
    private boolean inTest;
    private @Nullable LeakCheck leakCheck;
    /** Number of classes, nested in each other, that share the proxy; 0 if each test has its own. */
    private int classes;

    /** Proxy and the threads that it has started. */
    private record Running(SipProxy proxy, ThreadFence threads) {}

    private SipProxyExtension(Builder options) {
        this.options = options;
        this.domain = options.domain;
    }

    /** Creates an extension with a proxy for {@code sip.test} that requires no passwords. */
    public static SipProxyExtension create() {
        return builder().build();
    }

    /** Returns a builder with options of the proxy. */
    public static Builder builder() {
        return new Builder();
    }

    // ---- for tests

    /**
     * Returns the started proxy.
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

    /** Returns the domain of the proxy. */
    public String domain() {
        return domain;
    }

    /** Returns the UDP address of the proxy. */
    public InetSocketAddress udp() {
        return address(TransportKind.UDP);
    }

    /** Returns the TCP address of the proxy. */
    public InetSocketAddress tcp() {
        return address(TransportKind.TCP);
    }

    /** Returns the first listening point of a transport. */
    public InetSocketAddress address(TransportKind kind) {
        return addresses(kind)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("address: the proxy does not listen for " + kind));
    }

    /** Returns the listening points of a transport in the order of configuration; those of the extension come first. */
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

    /** Opens a UDP phone with the password of its user. It is not registered. */
    public Phone phone(String user) {
        return phone(user, options -> {});
    }

    /** Opens a phone with options. It is not registered. */
    public Phone phone(String user, Consumer<Phone.Builder> customizer) {
        Phone.Builder phone = Phone.builder(user).domain(domain).proxies(this::address);
        String password = options.passwords.get(user);
        if (password != null) {
            phone.password(password);
        }
        if (options.clock != null) {
            phone.clock(options.clock).watched();
        }
        customizer.accept(phone);
        return closing(phone.open());
    }

    /** Opens a UDP phone and registers it. */
    public Phone registeredPhone(String user) {
        return registeredPhone(user, options -> {});
    }

    /** Opens a phone with options and registers it. */
    public Phone registeredPhone(String user, Consumer<Phone.Builder> customizer) {
        Phone phone = phone(user, customizer);
        phone.register();
        return phone;
    }

    /**
     * Registers a resource to be closed after the test, or after the class if called before the first test. Returns it.
     */
    public <T extends AutoCloseable> T closing(T resource) {
        (inTest ? ofTest : ofClass).add(resource);
        return resource;
    }

    /** Returns the unexpired bindings of a user of the domain. */
    public List<Binding> bindings(String user) {
        return registrations().bindings(user);
    }

    /**
     * Waits up to 10 s until a user has a binding, such as one of the application under test, and returns the bindings
     * of the user.
     *
     * @param user a user of the domain, or {@code user@domain}
     * @throws AssertionError if the user has none; its message lists the registered users and draws the messages
     */
    public List<Binding> awaitRegistered(String user) {
        return registrations().awaitRegistered(user);
    }

    /**
     * Waits up to 10 s until a user has no binding.
     *
     * @throws AssertionError if the user still has one; its message lists the contacts and draws the messages
     */
    public void awaitUnregistered(String user) {
        registrations().awaitUnregistered(user);
    }

    /** Returns the bindings of the proxy, with waits of any length. */
    public Registrations registrations() {
        return new Registrations(proxy(), ladder, options.clock);
    }

    /** Returns the messages on the wire in this test. */
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

    // ---- for JUnit

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
        leakCheck = new LeakCheck(proxy(), options.clock);
        inTest = true;
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        inTest = false;
        boolean failed = context.getExecutionException().isPresent();
        List<String> leaks = new ArrayList<>();
        LeakCheck check = leakCheck;
        if (!failed && options.leakCheck && check != null) {
            leaks.addAll(check.after(ofTest.phones()));
        }
        String drawing = faults() + ladder;
        List<Phone> phones = ofTest.phones();
        phones.forEach(Phone::refusePendingCalls); // otherwise the closing proxy would wait for them
        try {
            ofTest.close();
        } finally {
            if (classes > 0) {
                phones.forEach(registrations()::removeBindingsOf);
            } else {
                leaks.addAll(stop());
            }
        }
        if (failed || !leaks.isEmpty()) {
            System.err.println(context.getDisplayName() + "\n" + drawing);
        }
        fail(leaks, context);
    }

    /** Returns the faults of the networks of the test, a line each, with their seeds. */
    private String faults() {
        return Stream.of(ofTest, ofClass)
                .flatMap(opened -> opened.faults().stream())
                .distinct()
                .map(faults -> faults + "\n")
                .collect(Collectors.joining());
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        classes--;
        if (classes == 0) {
            List<String> leaks = new ArrayList<>();
            if (options.leakCheck) {
                leaks.addAll(LeakCheck.ofPhones(ofClass.phones(), options.clock));
            }
            leaks.addAll(stop());
            fail(leaks, context);
        }
    }

    /** Supports {@link SipProxy}, {@link Ladder}, {@link SipProxyExtension}, and {@link Phone} with {@link SipUser}. */
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return resolves(parameter);
    }

    static boolean resolves(ParameterContext parameter) {
        Class<?> type = parameter.getParameter().getType();
        return type == SipProxy.class
                || type == Ladder.class
                || type == SipProxyExtension.class
                || type == Phone.class && parameter.isAnnotated(SipUser.class);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        if (type == SipProxy.class) {
            return proxy();
        } else if (type == Ladder.class) {
            return ladder;
        } else if (type == SipProxyExtension.class) {
            return this;
        }
        return phone(parameter.findAnnotation(SipUser.class).orElseThrow());
    }

    private Phone phone(SipUser user) {
        Phone phone = phone(user.value(), options -> {
            options.transport(user.transport());
            if (user.answering()) {
                options.answering();
            }
        });
        if (user.registered()) {
            phone.register();
        }
        return phone;
    }

    private void fail(List<String> leaks, ExtensionContext context) {
        if (!leaks.isEmpty()) {
            throw new AssertionError(
                    context.getDisplayName() + " left calls, requests or threads behind; end them, or build the"
                            + " extension"
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

    /** Closes the opened resources, and the proxy if it was started. Returns the threads that are left. */
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

    /** Builder of a {@link SipProxyExtension}. Not thread-safe. */
    public static final class Builder {

        private String domain = "sip.test";
        private final Map<String, String> passwords = new LinkedHashMap<>();
        private @Nullable Function<CredentialStore, ? extends Authentication> authentication;
        private Consumer<SipProxyBuilder> customizer = proxy -> {};
        private final List<WireListener> wireListeners = new ArrayList<>();
        private @Nullable TestClock clock;
        private boolean leakCheck = true;

        private Builder() {}

        /** Sets the domain, which is also the digest realm. Default {@code sip.test}. */
        public Builder domain(String value) {
            domain = Objects.requireNonNull(value, "value").toLowerCase(Locale.ROOT);
            return this;
        }

        /**
         * Adds a user with a password, which the phones of this user know. Requires {@link #authentication}. Default
         * none.
         */
        public Builder user(String user, String password) {
            passwords.put(Objects.requireNonNull(user, "user"), Objects.requireNonNull(password, "password"));
            return this;
        }

        /**
         * Sets the authentication of the proxy, such as the digest authentication of {@code sipproxy-security}:
         *
         * <pre>{@code
         * .user("alice", "secret")
         * .authentication(users -> DigestAuthentication.builder().credentials(users).build())
         * }</pre>
         *
         * Default none: no password is needed to register and call.
         *
         * @param source returns the authentication for the users of this builder; called before each start
         */
        public Builder authentication(Function<CredentialStore, ? extends Authentication> source) {
            authentication = Objects.requireNonNull(source, "source");
            return this;
        }

        /**
         * Adds configuration of the proxy, such as stages, components, a clock or more listening points. Called before
         * each start. Do not set authentication in it; use the method of this builder.
         */
        public Builder configure(Consumer<SipProxyBuilder> more) {
            customizer = customizer.andThen(Objects.requireNonNull(more, "more"));
            return this;
        }

        /** Adds a listener that gets every message in addition to the {@link SipProxyExtension#ladder() ladder}. */
        public Builder wireListener(WireListener listener) {
            wireListeners.add(Objects.requireNonNull(listener, "listener"));
            return this;
        }

        /**
         * Sets the clock of the proxy, the phones, their networks and the waits of the extension. Default the
         * machine's. For the clock of the proxy alone, use {@link #configure}.
         */
        public Builder clock(TestClock value) {
            clock = Objects.requireNonNull(value, "value");
            return this;
        }

        /** Disables the leak check, for tests that leave calls unanswered or requests pending on purpose. */
        public Builder withoutLeakCheck() {
            leakCheck = false;
            return this;
        }

        /**
         * Returns the extension. The proxy is built when JUnit starts the test.
         *
         * @throws IllegalArgumentException if there are users, but no authentication that checks their passwords
         */
        public SipProxyExtension build() {
            if (!passwords.isEmpty() && authentication == null) {
                throw new IllegalArgumentException("user: " + passwords.keySet()
                        + " have passwords that the proxy does not check; set authentication(users ->"
                        + " DigestAuthentication.builder().credentials(users).build())");
            }
            return new SipProxyExtension(this);
        }

        private SipProxy proxy(Ladder ladder) {
            SipProxyBuilder builder = SipProxy.builder()
                    .listen(Endpoint.udp(HOST, 0))
                    .listen(Endpoint.tcp(HOST, 0))
                    .domain(domain)
                    .wireListener(ladder);
            wireListeners.forEach(builder::wireListener);
            TestClock ofTest = clock;
            if (ofTest != null) {
                builder.clock(ofTest).wireListener(ofTest.messages());
            }
            Function<CredentialStore, ? extends Authentication> source = authentication;
            if (source == null) {
                builder.noAuthentication();
            } else {
                builder.authentication(source.apply(new Passwords(domain, passwords)));
            }
            customizer.accept(builder);
            return builder.build();
        }
    }

    /** Credentials of the users of a builder. */
    private record Passwords(String realm, Map<String, String> passwords) implements CredentialStore {

        @Override
        public Optional<Credential> find(String username, String realm) {
            String password = this.realm.equals(realm) ? passwords.get(username) : null;
            return Optional.ofNullable(password).map(text -> Credential.ofPassword(username, realm, text));
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    }
}
