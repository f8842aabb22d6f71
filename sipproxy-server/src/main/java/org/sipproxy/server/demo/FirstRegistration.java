package org.sipproxy.server.demo;

import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.server.database.EmbeddedDatabase;
import org.sipproxy.server.phone.Account;
import org.sipproxy.server.phone.Call;
import org.sipproxy.server.phone.PhoneException;
import org.sipproxy.server.phone.RiPhone;
import org.sipproxy.server.web.Softphone;

/**
 * Demo with a proxy and two softphones of another SIP stack: both register, and one calls the other. The messages on
 * the wire are drawn as a ladder and compared with the expected ones.
 */
public final class FirstRegistration implements AutoCloseable {

    private static final String DOMAIN = "sip.test";
    private static final Account CALLEE = new Account("1001", "test1001", DOMAIN);
    private static final Account CALLER = new Account("1002", "test1002", DOMAIN);
    private static final Account YOURS = new Account("1003", "test1003", DOMAIN);
    private static final Duration RING_TIME = Duration.ofMillis(300);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Expected messages, without 100 responses, which are only sent if a response takes a while. */
    private static final List<String> EXPECTED = Stream.of(
                    registration(CALLEE),
                    registration(CALLER),
                    Stream.of(
                            "1002 -> proxy: INVITE",
                            "proxy -> 1002: 407 Proxy Authentication Required",
                            "1002 -> proxy: ACK"),
                    Stream.of("1002 -> proxy: INVITE", "proxy -> 1001: INVITE"),
                    Stream.of("1001 -> proxy: 180 Ringing", "proxy -> 1002: 180 Ringing"),
                    Stream.of("1001 -> proxy: 200 OK", "proxy -> 1002: 200 OK"),
                    Stream.of("1002 -> proxy: ACK", "proxy -> 1001: ACK"),
                    Stream.of("1002 -> proxy: BYE", "proxy -> 1001: BYE"),
                    Stream.of("1001 -> proxy: 200 OK", "proxy -> 1002: 200 OK"))
            .flatMap(steps -> steps)
            .toList();

    private final PrintWriter out;
    /** Names of the phones on the ladder. */
    private final Map<InetSocketAddress, String> names = new ConcurrentHashMap<>();

    private final Ladder ladder = new Ladder(address -> Optional.ofNullable(names.get(address)), Explanations::of);
    private final SipProxy proxy;
    private final Optional<DemoDatabase> database;
    private final List<RiPhone> phones = new ArrayList<>();

    /** Plays the demo once, on a free port and with an embedded PostgreSQL. */
    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        boolean complete;
        try (EmbeddedDatabase database = EmbeddedDatabase.start(Optional.empty());
                FirstRegistration demo = new FirstRegistration(
                        List.of(Endpoint.udp("127.0.0.1", 0)), out, Optional.of(database.dataSource()))) {
            complete = demo.play();
        }
        System.exit(complete ? 0 : 1);
    }

    /**
     * Starts the proxy.
     *
     * @param listen endpoints to listen on; the phones use the first UDP endpoint
     * @param database the database of subscribers and registrations, whose missing tables are created; empty for memory
     * @throws org.sipproxy.core.options.BindFailedException if an endpoint cannot be bound
     */
    public FirstRegistration(List<Endpoint> listen, PrintWriter out, Optional<DataSource> database) {
        this(listen, out, database, builder -> {});
    }

    /** Starts the proxy as the other constructor does; {@code more} may change its configuration. */
    public FirstRegistration(
            List<Endpoint> listen, PrintWriter out, Optional<DataSource> database, Consumer<SipProxyBuilder> more) {
        this.out = out;
        List<Account> accounts = List.of(CALLEE, CALLER, YOURS);
        this.database = database.map(source -> new DemoDatabase(source, accounts));
        SipProxyBuilder builder = SipProxy.builder().domain(DOMAIN).wireListener(ladder);
        CredentialStore users = this.database.map(own -> own.addTo(builder)).orElseGet(() -> inMemory(accounts));
        builder.authentication(DigestAuthentication.builder().credentials(users).build());
        listen.forEach(builder::listen);
        more.accept(builder);
        this.proxy = builder.build();
        proxy.start();
    }

    private static CredentialStore inMemory(List<Account> accounts) {
        InMemoryCredentials users = InMemoryCredentials.of();
        for (Account account : accounts) {
            users.put(Credential.ofPassword(account.user(), account.domain(), account.password()));
        }
        return users;
    }

    /**
     * Registers both phones, makes the call and prints the messages.
     *
     * @return true if every expected message was seen
     */
    public boolean play() {
        out.println("A proxy for " + DOMAIN + " on " + endpoints(Endpoint::toString, " ") + ", and two softphones:");
        List<String> failures = new ArrayList<>();
        try {
            RiPhone callee = open(CALLEE);
            RiPhone caller = open(CALLER);
            callee.register(Duration.ofHours(1));
            caller.register(Duration.ofHours(1));
            Call call = caller.call(CALLEE.user());
            if (!call.rang()) {
                failures.add("1002 received no 180");
            }
            call.hangUp();
        } catch (PhoneException | UnknownHostException e) {
            failures.add(String.valueOf(e.getMessage()));
        }
        failures.addAll(ladder.awaitMissing(EXPECTED, failures.isEmpty() ? PATIENCE : Duration.ZERO));
        out.println();
        out.print(ladder);
        printBindings();
        database.ifPresent(own -> own.print(out));
        failures.forEach(failure -> out.println("missing: " + failure));
        out.println(
                failures.isEmpty()
                        ? "Complete: all " + EXPECTED.size() + " expected messages were seen."
                        : "Not complete: what is missing is listed above.");
        out.flush();
        return failures.isEmpty();
    }

    private RiPhone open(Account account) throws PhoneException, UnknownHostException {
        InetSocketAddress server = server();
        RiPhone phone = RiPhone.open(account, server.getAddress(), server, RING_TIME, PATIENCE);
        phones.add(phone);
        names.put(phone.address(), account.user());
        return phone;
    }

    /**
     * Returns the address that the phones send to: the first UDP endpoint, or loopback if it is bound to all addresses.
     */
    private InetSocketAddress server() throws UnknownHostException {
        for (Endpoint endpoint : proxy.boundEndpoints()) {
            if (endpoint.kind() == TransportKind.UDP) {
                InetAddress host = InetAddress.getAllByName(endpoint.host())[0];
                InetAddress phones = host.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : host;
                return new InetSocketAddress(phones, endpoint.port());
            }
        }
        throw new IllegalStateException(
                "listen: " + proxy.boundEndpoints() + " has no UDP endpoint, but the phones need one");
    }

    private void printBindings() {
        String row = "%-20s %-30s %10s  %s%n";
        out.println();
        out.println("Current bindings of the proxy:");
        out.printf(row, "AOR", "contact", "expires in", "Call-ID");
        long now = System.currentTimeMillis();
        proxy.locationStore().forEach((aor, bindings) -> {
            for (Binding binding : bindings) {
                out.printf(row, aor, binding.contact(), binding.remainingSeconds(now) + " s", binding.callId());
            }
        });
        out.println();
    }

    /** Prints the four values to type into the user's own softphone. */
    public void printYourPhone() {
        String servers = endpoints(endpoint -> endpoint.toString().substring(4) + " (" + endpoint.kind() + ")", " or ");
        out.println("Your own softphone registers with these four values:");
        out.println("  server    " + servers);
        out.println("  user      " + YOURS.user());
        out.println("  password  " + YOURS.password());
        out.println("  domain    " + YOURS.domain());
        out.println("Then call " + CALLEE.user() + " or " + CALLER.user() + ": they answer, without sound.");
        out.flush();
    }

    /** Returns the proxy, which runs. */
    public SipProxy proxy() {
        return proxy;
    }

    /** Returns the account of the user's own softphone, as the page shows it. */
    public static Softphone softphone() {
        return new Softphone(
                Optional.of(YOURS.user()), Optional.of(YOURS.password()), List.of(CALLEE.user(), CALLER.user()));
    }

    private String endpoints(Function<Endpoint, String> text, String between) {
        return proxy.boundEndpoints().stream().map(text).collect(Collectors.joining(between));
    }

    /** Stops the phones, then the proxy. */
    @Override
    public void close() {
        phones.parallelStream().forEach(RiPhone::close); // the RI's stop() sleeps for 1 s
        proxy.close();
    }

    private static Stream<String> registration(Account account) {
        String phone = account.user();
        return Stream.of(
                phone + " -> proxy: REGISTER",
                "proxy -> " + phone + ": 401 Unauthorized",
                phone + " -> proxy: REGISTER",
                "proxy -> " + phone + ": 200 OK");
    }
}
