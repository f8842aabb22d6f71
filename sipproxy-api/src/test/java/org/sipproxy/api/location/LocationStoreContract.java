package org.sipproxy.api.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.sipproxy.message.SipUri;

/**
 * Contract tests for {@link LocationStore}. The test of a store implements this interface, creates an empty store for
 * each test, and inherits the tests.
 */
public interface LocationStoreContract {

    Aor ALICE = new Aor("alice", "sip.test");
    Aor BOB = new Aor("bob", "sip.test");

    /** Returns the store under test: the same one throughout a test, empty at its start. */
    LocationStore store();

    /** Returns the time that the store uses. */
    Instant now();

    /** Advances that time, and waits for the removals that are then due. */
    void advance(Duration by);

    // ---- reading and writing

    @Test
    default void unknownAddressHasNoBindings() {
        assertThat(store().lookup(ALICE)).isEmpty();
    }

    @Test
    default void bindingIsKeptWithAllItsValues() {
        Binding written = Binding.builder("id-1", SipUri.of("sip:alice@192.0.2.1:5070;transport=tcp"))
                .granted(now().toEpochMilli(), Duration.ofHours(1))
                .q(0.5f)
                .callId("call-1")
                .cseq(17)
                .userAgent("Phone/1.0")
                .path(List.of(SipUri.of("sip:edge1.test;lr"), SipUri.of("sip:edge2.test;lr")))
                .instance("<urn:uuid:00000000-0000-1000-8000-000A95A0E128>", 2)
                .build();

        store().update(ALICE, current -> List.of(written));

        assertThat(store().lookup(ALICE)).singleElement().satisfies(read -> {
            assertThat(read.id()).isEqualTo("id-1");
            assertThat(read.contact()).isEqualTo(written.contact());
            assertThat(read.expiresAt()).isEqualTo(written.expiresAt());
            assertThat(read.q()).isEqualTo(0.5f);
            assertThat(read.callId()).isEqualTo("call-1");
            assertThat(read.cseq()).isEqualTo(17);
            assertThat(read.userAgent()).isEqualTo("Phone/1.0");
            assertThat(read.path()).isEqualTo(written.path());
            assertThat(read.instanceId()).isEqualTo(written.instanceId());
            assertThat(read.regId()).isEqualTo(2);
        });
    }

    @Test
    default void equalAddressFindsTheBinding() {
        add(ALICE, "a", Duration.ofHours(1));

        assertThat(ids(store().lookup(Aor.of(SipUri.of("sips:Alice@SIP.test:5061;user=phone")))))
                .containsExactly("a");
        assertThat(store().lookup(BOB)).isEmpty();
    }

    @Test
    default void updateReceivesTheCurrentBindingsAndReturnsTheNewOnes() {
        add(ALICE, "a", Duration.ofHours(1));
        List<String> seen = new ArrayList<>();

        List<Binding> after = store().update(ALICE, current -> {
            seen.clear();
            seen.addAll(ids(current));
            return plus(current, binding("b", Duration.ofHours(1)));
        });

        assertThat(seen).containsExactly("a");
        assertThat(ids(after)).containsExactly("a", "b");
        assertThat(ids(store().lookup(ALICE))).containsExactly("a", "b");
    }

    @Test
    default void bindingsKeepTheOrderInWhichTheyWereAdded() {
        for (String id : List.of("c", "a", "b")) {
            add(ALICE, id, Duration.ofHours(1));
        }
        refresh(ALICE, "c", Duration.ofHours(2));

        assertThat(ids(store().lookup(ALICE))).containsExactly("c", "a", "b");
    }

    @Test
    default void currentBindingsCannotBeChangedInPlace() {
        add(ALICE, "a", Duration.ofHours(1));

        assertThatThrownBy(() -> store().update(ALICE, current -> {
                    current.clear();
                    return current;
                }))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(ids(store().lookup(ALICE))).containsExactly("a");
    }

    @Test
    default void returnedListDoesNotFollowLaterChanges() {
        add(ALICE, "a", Duration.ofHours(1));
        List<Binding> before = store().lookup(ALICE);

        add(ALICE, "b", Duration.ofHours(1));

        assertThat(ids(before)).containsExactly("a");
    }

    @Test
    default void listReturnedByTheChangeIsNotKept() {
        List<Binding> mine = new ArrayList<>(List.of(binding("a", Duration.ofHours(1))));
        store().update(ALICE, current -> mine);

        mine.clear();

        assertThat(ids(store().lookup(ALICE))).containsExactly("a");
    }

    @Test
    default void failingChangeChangesNothing() {
        add(ALICE, "a", Duration.ofHours(1));

        for (Aor aor : List.of(ALICE, BOB)) {
            assertThatThrownBy(() -> store().update(aor, current -> {
                        throw new IllegalArgumentException("refused by the test");
                    }))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("refused by the test");
        }

        assertThat(ids(store().lookup(ALICE))).containsExactly("a");
        assertThat(store().lookup(BOB)).isEmpty();
    }

    @Test
    default void forEachPassesEveryAorOnce() {
        add(ALICE, "a1", Duration.ofHours(1));
        add(ALICE, "a2", Duration.ofSeconds(10));
        add(BOB, "b", Duration.ofHours(1));
        add(new Aor("carol", "sip.test"), "c", Duration.ofSeconds(10));
        update(BOB, current -> plus(current, binding("b2", Duration.ofHours(1))));

        advance(Duration.ofSeconds(10));

        Map<Aor, List<String>> shown = new ConcurrentHashMap<>();
        store().forEach((aor, bindings) ->
                assertThat(shown.put(aor, ids(bindings))).isNull());
        assertThat(shown).isEqualTo(Map.of(ALICE, List.of("a1"), BOB, List.of("b", "b2")));
    }

    // ---- expiry

    @Test
    default void bindingIsReturnedUntilItsLastMillisecond() {
        add(ALICE, "a", Duration.ofMinutes(1));

        advance(Duration.ofMillis(59_999));
        assertThat(ids(store().lookup(ALICE))).containsExactly("a");

        advance(Duration.ofMillis(1));
        assertThat(store().lookup(ALICE)).isEmpty();
        store().update(ALICE, current -> {
            assertThat(current).isEmpty();
            return current;
        });
    }

    @Test
    default void expiryOfOneBindingLeavesTheOthers() {
        add(ALICE, "short", Duration.ofMinutes(1));
        add(ALICE, "long", Duration.ofMinutes(2));

        advance(Duration.ofSeconds(61));

        assertThat(ids(store().lookup(ALICE))).containsExactly("long");
    }

    @Test
    default void refreshedBindingOutlivesItsFirstExpiry() {
        add(ALICE, "a", Duration.ofMinutes(1));
        advance(Duration.ofSeconds(50));
        refresh(ALICE, "a", Duration.ofMinutes(1));

        advance(Duration.ofSeconds(59));
        assertThat(ids(store().lookup(ALICE))).containsExactly("a");

        advance(Duration.ofSeconds(1));
        assertThat(store().lookup(ALICE)).isEmpty();
    }

    // ---- events

    @Test
    default void changesAreReportedWithTheirKindAndReason() {
        List<String> events = listen();
        add(ALICE, "a", Duration.ofHours(1));
        refresh(ALICE, "a", Duration.ofHours(1));
        store().update(ALICE, current -> List.of());

        assertThat(events).containsExactly("ADDED a", "REFRESHED a", "REMOVED a ADMIN");
    }

    @Test
    default void removalCarriesTheReasonThatTheChangeGives() {
        add(ALICE, "a", Duration.ofHours(1));
        add(ALICE, "b", Duration.ofHours(1));
        List<String> events = listen();

        store().update(ALICE, new BindingChange() {
            @Override
            public List<Binding> apply(List<Binding> current) {
                return List.of();
            }

            @Override
            public RemovalReason reasonOf(Binding removed) {
                return removed.id().equals("a") ? RemovalReason.LIMIT : RemovalReason.ADMIN;
            }
        });

        assertThat(events).containsExactlyInAnyOrder("REMOVED a LIMIT", "REMOVED b ADMIN");
    }

    @Test
    default void expiryIsReportedOnceAndWithinASecond() {
        add(ALICE, "a", Duration.ofMinutes(1));
        add(ALICE, "b", Duration.ofSeconds(90));
        List<String> events = listen();

        advance(Duration.ofSeconds(59));
        assertThat(events).isEmpty();

        advance(Duration.ofSeconds(2));
        assertThat(events).containsExactly("REMOVED a EXPIRED");

        advance(Duration.ofMinutes(1));
        assertThat(events).containsExactly("REMOVED a EXPIRED", "REMOVED b EXPIRED");
    }

    @Test
    default void refreshedBindingIsReportedExpiredOnlyAtItsLaterExpiry() {
        add(ALICE, "a", Duration.ofMinutes(1));
        advance(Duration.ofSeconds(30));
        refresh(ALICE, "a", Duration.ofMinutes(1));
        List<String> events = listen();

        advance(Duration.ofSeconds(45));
        assertThat(events).isEmpty();

        advance(Duration.ofSeconds(16));
        assertThat(events).containsExactly("REMOVED a EXPIRED");
    }

    @Test
    default void shortenedBindingExpiresAtItsNewExpiry() {
        add(ALICE, "a", Duration.ofHours(1));
        refresh(ALICE, "a", Duration.ofMinutes(1));
        List<String> events = listen();

        advance(Duration.ofSeconds(61));

        assertThat(store().lookup(ALICE)).isEmpty();
        assertThat(events).containsExactly("REMOVED a EXPIRED");
    }

    @Test
    default void updateWithoutAChangeReportsNothing() {
        add(ALICE, "a", Duration.ofHours(1));
        List<String> events = listen();

        store().update(ALICE, current -> current);

        assertThat(events).isEmpty();
    }

    @Test
    default void changeIsVisibleWhenItIsReported() {
        List<List<String>> seen = new CopyOnWriteArrayList<>();
        store().addListener(event -> seen.add(ids(store().lookup(event.aor()))));

        add(ALICE, "a", Duration.ofHours(1));

        assertThat(seen).containsExactly(List.of("a"));
    }

    @Test
    default void listenerMayChangeTheStore() {
        List<String> events = listen();
        store().addListener(event -> {
            if (event.kind() == LocationEvent.Kind.ADDED && event.aor().equals(ALICE)) {
                store().update(ALICE, current -> List.of());
                add(BOB, "b", Duration.ofHours(1));
            }
        });

        add(ALICE, "a", Duration.ofHours(1));

        assertThat(store().lookup(ALICE)).isEmpty();
        assertThat(ids(store().lookup(BOB))).containsExactly("b");
        assertThat(events).contains("ADDED a", "REMOVED a ADMIN", "ADDED b");
    }

    @Test
    default void failingListenerAffectsNeitherTheChangeNorOtherListeners() {
        store().addListener(event -> {
            throw new IllegalStateException("thrown by the test's listener");
        });
        List<String> events = listen();

        add(ALICE, "a", Duration.ofHours(1));

        assertThat(ids(store().lookup(ALICE))).containsExactly("a");
        assertThat(events).containsExactly("ADDED a");
    }

    @Test
    default void listenerIsNotifiedOnlyOfTheKindsItWants() {
        List<String> events = new CopyOnWriteArrayList<>();
        store().addListener(new LocationListener() {
            @Override
            public void onChange(LocationEvent event) {
                events.add(text(event));
            }

            @Override
            public boolean wants(LocationEvent.Kind kind) {
                return kind == LocationEvent.Kind.REMOVED;
            }
        });

        add(ALICE, "a", Duration.ofHours(1));
        refresh(ALICE, "a", Duration.ofHours(1));
        store().update(ALICE, current -> List.of());

        assertThat(events).containsExactly("REMOVED a ADMIN");
    }

    // ---- threads

    @Test
    default void concurrentUpdatesOfOneAddressLoseNothing() throws Exception {
        int threads = 8;
        int each = 50;
        add(ALICE, "counter", Duration.ofHours(1));

        Together.run(threads, thread -> {
            for (int i = 0; i < each; i++) {
                update(
                        ALICE,
                        current -> List.of(current.get(0).toBuilder()
                                .cseq(current.get(0).cseq() + 1)
                                .build()));
            }
        });

        assertThat(store().lookup(ALICE).get(0).cseq()).isEqualTo((long) threads * each);
    }

    @Test
    default void concurrentAddsAndRemovalsKeepEventsConsistentWithTheStore() throws Exception {
        int threads = 8;
        int each = 50;
        Map<String, Integer> balance = new ConcurrentHashMap<>();
        ConcurrentLinkedQueue<String> outOfStep = new ConcurrentLinkedQueue<>();
        store().addListener(event -> {
            int change = event.kind() == LocationEvent.Kind.ADDED ? 1 : -1;
            int now = balance.merge(event.binding().id(), change, Integer::sum);
            if (now < 0 || now > 1) {
                outOfStep.add(text(event)); // removed before it was added, or added twice
            }
        });

        // all threads write the same three ids, and often remove all bindings of the AOR
        Together.run(threads, thread -> {
            for (int i = 0; i < each; i++) {
                String id = "shared-" + (thread + i) % 3;
                update(ALICE, current -> {
                    List<Binding> without = new ArrayList<>(current);
                    if (!without.removeIf(b -> b.id().equals(id))) {
                        without.add(binding(id, Duration.ofHours(1)));
                    }
                    return without;
                });
            }
        });

        assertThat(outOfStep).isEmpty();
        List<String> left = balance.entrySet().stream()
                .filter(e -> e.getValue() == 1)
                .map(Map.Entry::getKey)
                .toList();
        assertThat(ids(store().lookup(ALICE))).containsExactlyInAnyOrderElementsOf(left);
    }

    // ---- closing

    @Test
    default void closeIsIdempotent() {
        add(ALICE, "a", Duration.ofHours(1));

        store().close();
        store().close();
    }

    // ---- helpers

    private Binding binding(String id, Duration lifetime) {
        return Binding.builder(id, SipUri.of("sip:" + id + "@192.0.2.1:5060"))
                .granted(now().toEpochMilli(), lifetime)
                .callId("call-of-" + id)
                .cseq(0)
                .build();
    }

    private void add(Aor aor, String id, Duration lifetime) {
        update(aor, current -> plus(current, binding(id, lifetime)));
    }

    private void refresh(Aor aor, String id, Duration lifetime) {
        long nowMillis = now().toEpochMilli();
        update(
                aor,
                current -> current.stream()
                        .map(b -> b.id().equals(id)
                                ? b.toBuilder().granted(nowMillis, lifetime).build()
                                : b)
                        .toList());
    }

    private void update(Aor aor, UnaryOperator<List<Binding>> change) {
        store().update(aor, change::apply);
    }

    private static List<Binding> plus(List<Binding> bindings, Binding more) {
        List<Binding> all = new ArrayList<>(bindings);
        all.add(more);
        return all;
    }

    private static List<String> ids(List<Binding> bindings) {
        return bindings.stream().map(Binding::id).collect(Collectors.toList());
    }

    private List<String> listen() {
        List<String> events = new CopyOnWriteArrayList<>();
        store().addListener(event -> events.add(text(event)));
        return events;
    }

    private static String text(LocationEvent event) {
        return event.kind() + " " + event.binding().id()
                + event.removal().map(r -> " " + r).orElse("");
    }
}
