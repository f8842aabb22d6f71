package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.message.SipUri;

class RegistrarStoreFailureTest {

    @Test
    void storeThatFailsIsAServerErrorAndOneWarning() {
        RegistrarScene scene = new RegistrarScene(new BrokenStore());

        for (String[] request : List.of(new String[] {"Contact: <sip:a@192.0.2.1>"}, new String[0])) {
            RegistrarScene.Response response = scene.send(request);
            assertThat(response.status()).isEqualTo(500);
            assertThat(response.value("Retry-After")).isEqualTo("10");
        }
        assertThat(scene.log.lines())
                .containsExactly("WARN location store failed; REGISTER requests get 500: no connection");

        scene.clock.advance(Duration.ofSeconds(10));
        scene.send();
        assertThat(scene.log.lines()).hasSize(2);
    }

    @Test
    void changeThatAStoreRunsTwiceIsThatOfTheSecondRun() {
        RegistrarScene scene = new RegistrarScene(new RetryingStore());

        RegistrarScene.Response response = scene.send("Contact: <sip:new@192.0.2.1>", "CSeq: 3 REGISTER");

        // the first run saw a binding with a higher CSeq; it was removed before the second
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.value("Contact")).isEqualTo("<sip:new@192.0.2.1>;expires=3600");
        assertThat(scene.log.lines()).hasSize(1);
    }

    @Test
    void bindingThatTheStoreCanNeverHoldIsABadRequestAndNoWarning() {
        RegistrarScene scene = new RegistrarScene(new BrokenStore() {
            @Override
            public List<Binding> update(Aor aor, BindingChange change) {
                throw new LocationStoreException(
                        LocationStoreException.Kind.REFUSED, "too long", new SQLException("thrown by the test"));
            }
        });

        RegistrarScene.Response response = scene.send("Contact: <sip:a@192.0.2.1>");

        assertThat(response.status()).isEqualTo(400);
        assertThat(scene.log.lines()).isEmpty();
    }

    /** A database that is down. */
    private static class BrokenStore implements LocationStore {

        @Override
        public List<Binding> lookup(Aor aor) {
            throw new LocationStoreException("no connection", new SQLException("thrown by the test"));
        }

        @Override
        public List<Binding> update(Aor aor, BindingChange change) {
            throw new LocationStoreException("no connection", new SQLException("thrown by the test"));
        }

        @Override
        public void forEach(BiConsumer<Aor, List<Binding>> visitor) {}

        @Override
        public void addListener(LocationListener listener) {}

        @Override
        public Blocking blocking() {
            return Blocking.ALWAYS;
        }

        @Override
        public void close() {}
    }

    /** A database whose first transaction did not commit. */
    private static final class RetryingStore extends BrokenStore {

        @Override
        public List<Binding> update(Aor aor, BindingChange change) {
            Binding newer = Binding.builder("id", SipUri.of("sip:new@192.0.2.1"))
                    .granted(0, Duration.ofHours(1))
                    .callId("call-1")
                    .cseq(9)
                    .build();
            change.apply(List.of(newer));
            return List.copyOf(change.apply(List.of()));
        }
    }
}
