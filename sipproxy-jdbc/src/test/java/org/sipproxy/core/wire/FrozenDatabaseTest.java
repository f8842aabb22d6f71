package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.jdbc.JdbcAliases;
import org.sipproxy.jdbc.JdbcBindingRepository;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.security.DigestAuthentication;

/** Database that freezes in the middle of any work: no receiver thread may wait for it, whatever uses it. */
class FrozenDatabaseTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    /** Receiver threads that were found querying the database. */
    private final List<String> waiting = new CopyOnWriteArrayList<>();

    /** Closed while the database is frozen. */
    private volatile CountDownLatch gate = new CountDownLatch(0);

    /** How long a frozen database takes to fail a connection, like an exhausted pool. */
    private volatile Duration patience = Duration.ofMinutes(1);

    @BeforeEach
    void subscribers() {
        postgres.execute("TRUNCATE subscriber, location, dbaliases");
        Subscribers.in(postgres.dataSource()).add("bob", "sip.test", "secret");
    }

    @AfterEach
    void thaw() {
        gate.countDown();
    }

    private void freeze() {
        gate = new CountDownLatch(1);
    }

    /** Returns a data source whose connections and statements block while the database is frozen. */
    private DataSource database() {
        return (DataSource) frozen(DataSource.class, postgres.dataSource());
    }

    private Object frozen(Class<?> type, Object real) {
        return Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
            if (method.getDeclaringClass() == Object.class) {
                return method.getName().equals("equals")
                        ? (Object) (self == arguments[0])
                        : method.invoke(real, arguments);
            }
            String thread = Thread.currentThread().getName();
            if (thread.startsWith("sipproxy-udp") || thread.startsWith("sipproxy-stream")) {
                waiting.add(thread + ": " + method);
            }
            if (!gate.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new SQLTransientConnectionException("frozen", "08001");
            }
            try {
                Object result = method.invoke(real, arguments);
                Class<?> returned = method.getReturnType();
                return returned.getName().startsWith("java.sql.") && returned.isInterface() && result != null
                        ? frozen(returned, result)
                        : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    private ProxyUnderTest start(UnaryOperator<SipProxyBuilder> more) {
        DataSource database = database();
        JdbcCredentials users = JdbcCredentials.builder(database).build();
        return ProxyUnderTest.of(more.apply(SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .listen(Endpoint.tcp("127.0.0.1", 0))
                .domain("sip.test")
                .workerThreads(2)
                .component(JdbcAliases.of(database))
                .authentication(DigestAuthentication.builder()
                        .credentials(users)
                        .noLockout() // wrong passwords must be looked up each time
                        .build())));
    }

    private StoreMode databaseOnly() {
        return StoreMode.databaseOnly(JdbcBindingRepository.builder(database()).build());
    }

    private static void optionsAreAnswered(WireClient client) {
        for (int i = 0; i < 5; i++) {
            client.awaitResponse(client.send(client.request("OPTIONS", "sip:sip.test")), 200);
        }
    }

    /**
     * Starts every kind of work that needs the database: look-ups of the same and of different users, aliases,
     * bindings.
     */
    private static List<Request> askEverything(WireClient client, String challenge) {
        List<Request> sent = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            String user = i % 2 == 0 ? "bob" : "nobody" + i;
            sent.add(client.send(client.request("REGISTER", "sip:sip.test")
                    .from("<sip:" + user + "@sip.test>;tag=" + i)
                    .to("<sip:" + user + "@sip.test>")
                    .contact("<" + client.contact() + ">")
                    .with(credentials(user, challenge))));
            sent.add(client.send(client.request("MESSAGE", "sip:alias" + i % 3 + "@sip.test")
                    .from("<sip:someone@elsewhere.example>;tag=" + i)));
        }
        return sent;
    }

    /** Returns credentials with a wrong password, whose user has to be looked up nevertheless. */
    private static String credentials(String user, String challenge) {
        String nonce = challenge.replaceAll("(?s).*nonce=\"([^\"]*)\".*", "$1");
        return "Authorization: Digest username=\"" + user + "\", realm=\"sip.test\", nonce=\"" + nonce
                + "\", uri=\"sip:sip.test\", qop=auth, nc=00000001, cnonce=\"c\", algorithm=MD5, response=\""
                + "0".repeat(32) + "\"";
    }

    private static String challenge(WireClient client) {
        Request register = client.send(client.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .from("<sip:bob@sip.test>;tag=1")
                .contact("<" + client.contact() + ">"));
        return client.awaitFinal(register).toString();
    }

    @Test
    void optionsGetResponsesWhileAllLookUpsBlock() {
        try (ProxyUnderTest proxy = start(builder -> builder)) {
            WireClient client = proxy.udp("bob");
            String challenge = challenge(client);
            freeze();

            askEverything(client, challenge);
            optionsAreAnswered(client);
            askEverything(client, challenge); // with look-ups of the same users in progress

            optionsAreAnswered(client);
            assertThat(waiting).isEmpty();
            gate.countDown();
        }
    }

    @Test
    void optionsGetResponsesWithEmptyCaches() {
        try (ProxyUnderTest proxy = start(builder -> builder.locationStore(databaseOnly()))) {
            WireClient client = proxy.udp("bob");
            String challenge = challenge(client);
            freeze();

            askEverything(client, challenge);

            optionsAreAnswered(client);
            assertThat(waiting).isEmpty();
            gate.countDown();
        }
    }

    @Test
    void expiringPasswordsDoNotBlockReceiversWhileThePoolIsExhausted() {
        try (ProxyUnderTest proxy = start(builder -> builder)) {
            WireClient client = proxy.udp("bob");
            String challenge = challenge(client);
            for (Request request : askEverything(client, challenge)) {
                client.awaitFinal(request); // cached for less than a second without the trigger
            }
            patience = Duration.ofMillis(200);
            freeze();

            await().atMost(Duration.ofSeconds(10)).until(() -> {
                Request register = askEverything(client, challenge).get(0);
                optionsAreAnswered(client);
                return client.awaitFinal(register).status() == 503;
            });
            assertThat(waiting).isEmpty();

            gate.countDown();
            await().atMost(Duration.ofSeconds(10))
                    .until(() ->
                            client.awaitFinal(askEverything(client, challenge).get(0))
                                            .status()
                                    == 401);
        }
    }

    @Test
    void requestThatWaitedTooLongIsRefusedWithoutAQuery() {
        try (ProxyUnderTest proxy =
                start(builder -> builder.locationStore(databaseOnly()).waitLimit(Duration.ofSeconds(1)))) {
            WireClient client = proxy.udp("bob");
            freeze();
            List<Request> sent = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                sent.add(client.send(client.request("MESSAGE", "sip:bob@sip.test")
                        .from("<sip:someone@elsewhere.example>;tag=" + i)));
            }
            patience = Duration.ofSeconds(1);
            await().pollDelay(Duration.ofMillis(1_100)).until(() -> true);
            gate.countDown();

            List<Integer> statuses = sent.stream()
                    .map(request -> client.awaitFinal(request).status())
                    .toList();
            assertThat(statuses).contains(503);
        }
    }
}
