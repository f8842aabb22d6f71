package org.sipproxy.api.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.BindingWrite.Delete;
import org.sipproxy.api.location.BindingWrite.Put;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/**
 * Contract tests for {@link BindingRepository}. The test of a repository implements this interface, creates an empty
 * one for each test, and inherits the tests. Times are whole seconds, because a database may store no fractions.
 */
public interface BindingRepositoryContract {

    Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    Aor ALICE = new Aor("alice", "sip.test");
    Aor BOB = new Aor("bob", "sip.test");

    /** Returns the repository under test: the same one throughout a test, empty at its start. */
    BindingRepository repository();

    @Test
    default void unknownAddressHasNoRows() {
        assertThat(repository().find(ALICE, NOW)).isEmpty();
    }

    @Test
    default void rowKeepsAllValuesButTheFlow() {
        Binding written = Binding.builder("7abc-1", SipUri.of("sip:alice@192.0.2.1:5070;transport=tcp;ob"))
                .granted(NOW.toEpochMilli(), Duration.ofHours(1))
                .q(0.5f)
                .callId("call-1@192.0.2.1")
                .cseq(2_147_483_647L)
                .userAgent("Phone \"X\" {1,2} \\ \u00fc")
                .path(List.of(SipUri.of("sip:edge1.test;lr"), SipUri.of("sip:edge2.test;lr")))
                .instance("<urn:uuid:00000000-0000-1000-8000-000A95A0E128>", 2)
                .received(SipUri.of("sip:203.0.113.9:40001;transport=tcp"))
                .socket(Endpoint.tcp("192.0.2.9", 5060))
                .methods(Set.of(Method.INVITE, Method.BYE))
                .build();

        put(ALICE, written);

        assertThat(repository().find(ALICE, NOW)).singleElement().satisfies(read -> {
            assertThat(read.id()).isEqualTo(written.id());
            assertThat(read.contact()).isEqualTo(written.contact());
            assertThat(read.expiresAt()).isEqualTo(written.expiresAt());
            assertThat(read.updatedAtMillis()).isEqualTo(written.updatedAtMillis());
            assertThat(read.q()).isEqualTo(written.q());
            assertThat(read.callId()).isEqualTo(written.callId());
            assertThat(read.cseq()).isEqualTo(written.cseq());
            assertThat(read.userAgent()).isEqualTo(written.userAgent());
            assertThat(read.path()).isEqualTo(written.path());
            assertThat(read.instanceId()).isEqualTo(written.instanceId());
            assertThat(read.regId()).isEqualTo(2);
            assertThat(read.received()).isEqualTo(written.received());
            assertThat(read.socket()).isEqualTo(written.socket());
            assertThat(read.methods()).isEqualTo(written.methods());
            assertThat(read.flow()).isEmpty();
        });
    }

    @Test
    default void rowKeepsAbsentValuesAbsent() {
        put(ALICE, binding("a"));

        assertThat(repository().find(ALICE, NOW)).singleElement().satisfies(read -> {
            assertThat(read.q()).isEqualTo(Binding.Q_UNSPECIFIED);
            assertThat(read.userAgent()).isEmpty();
            assertThat(read.path()).isEmpty();
            assertThat(read.instanceId()).isEmpty();
            assertThat(read.regId()).isZero();
            assertThat(read.received()).isEmpty();
            assertThat(read.socket()).isEmpty();
            assertThat(read.methods()).isEmpty();
        });
    }

    @Test
    default void rowsComeInTheOrderInWhichTheyWereAdded() {
        put(ALICE, binding("c"));
        repository().write(List.of(new Put(ALICE, binding("a")), new Put(ALICE, binding("b"))));
        put(ALICE, binding("c").toBuilder().cseq(9).build());

        assertThat(ids(repository().find(ALICE, NOW))).containsExactly("c", "a", "b");
        assertThat(repository().find(ALICE, NOW).get(0).cseq()).isEqualTo(9);
        assertThat(repository().find(BOB, NOW)).isEmpty();
    }

    @Test
    default void deletingRemovesTheRowAndIgnoresAMissingOne() {
        put(ALICE, binding("a"));

        repository().write(List.of(new Delete(ALICE, "a"), new Delete(ALICE, "never"), new Put(BOB, binding("b"))));
        repository().write(List.of(new Delete(ALICE, "a")));
        repository().write(List.of());

        assertThat(repository().find(ALICE, NOW)).isEmpty();
        assertThat(ids(repository().find(BOB, NOW))).containsExactly("b");
    }

    @Test
    default void lastWriteOfAnIdCounts() {
        repository()
                .write(List.of(
                        new Put(ALICE, binding("a")),
                        new Delete(ALICE, "a"),
                        new Put(ALICE, binding("a").toBuilder().cseq(2).build()),
                        new Put(ALICE, binding("gone")),
                        new Delete(ALICE, "gone")));

        assertThat(repository().find(ALICE, NOW)).singleElement().satisfies(b -> {
            assertThat(b.id()).isEqualTo("a");
            assertThat(b.cseq()).isEqualTo(2);
        });
    }

    @Test
    default void expiredRowsAreNotFound() {
        put(ALICE, binding("a", Duration.ofSeconds(10)));
        put(ALICE, binding("b", Duration.ofSeconds(11)));

        assertThat(ids(repository().find(ALICE, NOW.plusSeconds(10)))).containsExactly("b");
        assertThat(all(NOW.plusSeconds(10))).containsOnlyKeys("b");
    }

    @Test
    default void forEachPassesEveryRowRegardlessOfTheirNumber() {
        int count = 4_500;
        repository()
                .write(IntStream.range(0, count)
                        .<BindingWrite>mapToObj(i -> new Put(new Aor("u" + i, "sip.test"), binding("id-" + i)))
                        .toList());

        Map<String, Aor> all = all(NOW);

        assertThat(all).hasSize(count);
        all.forEach((id, aor) -> assertThat(aor).isEqualTo(new Aor("u" + id.substring(3), "sip.test")));
    }

    // ---- update

    @Test
    default void updateWritesTheResultOfTheChange() {
        put(ALICE, binding("a"));
        put(ALICE, binding("b"));

        List<Binding> after = repository()
                .update(
                        ALICE,
                        current -> {
                            assertThat(ids(current)).containsExactly("a", "b");
                            return List.of(current.get(1).toBuilder().cseq(5).build(), binding("c"));
                        },
                        NOW);

        assertThat(ids(after)).containsExactly("b", "c");
        assertThat(ids(repository().find(ALICE, NOW))).containsExactly("b", "c");
        assertThat(repository().find(ALICE, NOW).get(0).cseq()).isEqualTo(5);
    }

    @Test
    default void failingChangeChangesNothingAndIsRethrown() {
        put(ALICE, binding("a"));

        assertThatThrownBy(() -> repository()
                        .update(
                                ALICE,
                                current -> {
                                    throw new IllegalArgumentException("thrown by the test");
                                },
                                NOW))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("thrown by the test");

        assertThat(ids(repository().find(ALICE, NOW))).containsExactly("a");
    }

    @Test
    default void concurrentUpdatesOfANewAorLoseNothing() throws Exception {
        int threads = 6;
        int each = 20;
        Together.run(threads, thread -> {
            for (int i = 0; i < each; i++) {
                repository()
                        .update(
                                ALICE,
                                current -> current.isEmpty()
                                        ? List.of(binding("first-of-" + thread).toBuilder()
                                                .cseq(1)
                                                .build())
                                        : List.of(current.get(0).toBuilder()
                                                .cseq(current.get(0).cseq() + 1)
                                                .build()),
                                NOW);
            }
        });

        assertThat(repository().find(ALICE, NOW))
                .singleElement()
                .satisfies(b -> assertThat(b.cseq()).isEqualTo((long) threads * each));
    }

    // ---- expiry

    @Test
    default void expiredRowsAreDeletedAndReported() {
        put(ALICE, binding("a", Duration.ofSeconds(10)));
        put(ALICE, binding("b", Duration.ofSeconds(11)));
        put(BOB, binding("c", Duration.ofSeconds(5)));
        List<String> removed = new ArrayList<>();

        repository().deleteExpired(NOW.plusSeconds(10), true, (aor, b) -> removed.add(aor.user() + " " + b.id()));

        assertThat(removed).containsExactlyInAnyOrder("alice a", "bob c");
        assertThat(all(NOW)).containsOnlyKeys("b");
    }

    // ---- helpers

    private void put(Aor aor, Binding binding) {
        repository().write(List.of(new Put(aor, binding)));
    }

    private static Binding binding(String id) {
        return binding(id, Duration.ofHours(1));
    }

    private static Binding binding(String id, Duration lifetime) {
        return Binding.builder(id, SipUri.of("sip:" + id + "@192.0.2.1:5060"))
                .granted(NOW.toEpochMilli(), lifetime)
                .callId("call-of-" + id)
                .build();
    }

    private static List<String> ids(List<Binding> bindings) {
        return bindings.stream().map(Binding::id).toList();
    }

    private Map<String, Aor> all(Instant now) {
        Map<String, Aor> all = new TreeMap<>();
        repository().forEach(now, (aor, b) -> assertThat(all.put(b.id(), aor)).isNull());
        return all;
    }
}
