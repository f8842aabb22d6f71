package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingRepositoryContract;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.message.SipResponse;

@Timeout(60)
class FakeDatabaseTest implements BindingRepositoryContract {

    private static final Aor BOB = new Aor("bob", "sip.test");

    private final FakeDatabase database = new FakeDatabase();

    @Override
    public BindingRepository repository() {
        return database.bindings();
    }

    @Test
    void failsWithTheKindUntilItRecovers() {
        database.fail(LocationStoreException.Kind.FAILED);
        assertThatThrownBy(() -> repository().find(BOB, Instant.now()))
                .isInstanceOfSatisfying(
                        LocationStoreException.class,
                        e -> assertThat(e.kind()).isEqualTo(LocationStoreException.Kind.FAILED));
        database.recover();
        assertThat(repository().find(BOB, Instant.now())).isEmpty();
    }

    @Test
    void hangsUntilItsTimeoutOrUntilItRecovers() {
        FakeDatabase impatient = new FakeDatabase(Duration.ofMillis(20));
        impatient.hang();
        assertThatThrownBy(() -> impatient.bindings().find(BOB, Instant.now()))
                .isInstanceOf(LocationStoreException.class)
                .hasMessage("FakeDatabase: no response within PT0.02S");

        database.hang();
        CompletableFuture<List<Binding>> found =
                CompletableFuture.supplyAsync(() -> repository().find(BOB, Instant.now()));
        assertThat(found).isNotDone();
        database.recover();
        assertThat(found.join()).isEmpty();
    }

    @Test
    void credentialsAreUnavailableDuringTheOutage() {
        CredentialStore users = database.credentials((user, realm) -> Optional.empty());

        assertThat(users.mayBlock()).isTrue();
        assertThat(users.find("alice", "sip.test")).isEmpty();
        database.fail();
        assertThatThrownBy(() -> users.find("alice", "sip.test"))
                .isInstanceOf(TemporarilyUnavailableException.class)
                .hasMessage("FakeDatabase: set to fail by the test");
    }

    @Test
    void timeoutMustBePositive() {
        assertThatThrownBy(() -> new FakeDatabase(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("timeout: PT0S (expected a positive duration)");
    }

    @Nested
    class BehindAProxy {

        @RegisterExtension
        final SipProxyExtension sip = SipProxyExtension.builder()
                .configure(proxy -> proxy.locationStore(StoreMode.writeThrough(database.bindings())))
                .build();

        @Test
        void registerIsRefusedDuringTheOutageAndBindingsAreKept() {
            Phone bob = sip.registeredPhone("bob");

            database.fail();
            SipResponse refused = sip.phone("carol").tryRegister(Duration.ofMinutes(5), parts -> {});
            assertThat(refused.statusCode()).isEqualTo(500);
            assertThat(sip.phone("alice").message("bob", "hi").statusCode()).isEqualTo(200);
            bob.awaitRequest("MESSAGE");

            database.recover();
            sip.registeredPhone("carol");
            assertThat(database.bindings().find(new Aor("carol", "sip.test"), Instant.now()))
                    .hasSize(1);
        }
    }
}
