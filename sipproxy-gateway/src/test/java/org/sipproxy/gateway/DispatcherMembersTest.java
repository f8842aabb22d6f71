package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;
import static org.sipproxy.gateway.DispatcherScene.outgoing;
import static org.sipproxy.gateway.DispatcherScene.status;
import static org.sipproxy.gateway.DispatcherScene.target;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeHooks;

/** Members that change while the proxy runs: by an operator, or in their source. */
class DispatcherMembersTest {

    private final DispatcherScene scene = new DispatcherScene();
    private final List<Gateway> rows = new ArrayList<>();

    @AfterEach
    void close() {
        scene.close();
    }

    @Test
    void operatorTakesMembersOutAndBack() {
        Dispatcher dispatcher = scene.single(GatewaySet.named("pstn"));

        dispatcher.disable("pstn", "sip:192.0.2.10");
        assertThat(status(dispatcher, 0).letters()).isEqualTo("DX");
        dispatcher.drain("pstn", "sip:192.0.2.10");
        assertThat(status(dispatcher, 0).letters()).isEqualTo("DP");
        dispatcher.enable("pstn", "sip:192.0.2.10");
        assertThat(status(dispatcher, 0).letters()).isEqualTo("AP");
        assertThat(scene.changes)
                .extracting(MemberChange::now)
                .containsExactly(MemberState.DISABLED, MemberState.DRAINING, MemberState.ACTIVE);
    }

    @Test
    void membersAreAddedAndRemoved() {
        Dispatcher dispatcher = scene.single(GatewaySet.named("pstn"));
        Gateway added = Gateway.builder("new", SipUri.of("sip:192.0.2.50")).build();

        dispatcher.add(added);
        assertThat(dispatcher.status()).extracting(MemberStatus::gateway).contains(added);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> dispatcher.add(added))
                .withMessageContaining("exists already");
        dispatcher.remove("pstn", "sip:192.0.2.10");

        assertThat(dispatcher.status()).extracting(MemberStatus::gateway).containsExactly(added);
        scene.proxy.advance(Duration.ofSeconds(2));
        assertThat(scene.proxy.requests().sent())
                .extracting(sent -> sent.request().requestUri())
                .containsExactly(added.uri());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> dispatcher.remove("pstn", "sip:192.0.2.10"))
                .withMessageContaining("is not a member");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> dispatcher.enable("x", "y"))
                .withMessageContaining("(new, pstn)");
    }

    private Gateway.Builder row(String set, String id) {
        return Gateway.builder(set, SipUri.of("sip:" + id + ".test")).id(id);
    }

    @Test
    void reloadKeepsTheStateOfMembersThatAreStillThere() throws Exception {
        rows.addAll(List.of(
                row("1", "a").build(), row("1", "b").build(), row("2", "c").build()));
        Dispatcher dispatcher = Dispatcher.builder()
                .source(() -> rows)
                .set(GatewaySet.named("1").member(row("1", "own").build()).build())
                .fallback("1")
                .build();
        FakeHooks hooks = scene.start(dispatcher);
        dispatcher.drain("1", "a");
        rows.clear();
        rows.addAll(List.of(
                row("1", "d").build(),
                row("1", "a").weight(7).build(),
                row("1", "own").weight(1).build(),
                row("1", "a").weight(8).build()));

        dispatcher.reload();

        assertThat(dispatcher.status())
                .extracting(s -> s.gateway() + " " + s.gateway().weight() + " " + s.state())
                .containsExactly("1/own 0 ACTIVE", "1/a 7 DRAINING", "1/d 0 ACTIVE");
        assertThat(target(hooks.unavailable(outgoing("sip:030@example.org")))).contains("own");
    }

    @Test
    void membersThatWereReadBeforeTheStartAreProbed() {
        Dispatcher dispatcher = Dispatcher.builder()
                .source(() ->
                        List.of(Gateway.builder("1", SipUri.of("sip:192.0.2.1")).build()))
                .build();
        dispatcher.reload();
        scene.start(dispatcher);

        scene.proxy.advance(Duration.ofSeconds(2));

        assertThat(scene.proxy.requests().sent()).hasSize(1);
    }

    @Test
    void sourceIsReadPeriodicallyIfAskedUntilTheComponentIsClosed() {
        AtomicInteger reads = new AtomicInteger();
        Dispatcher dispatcher = Dispatcher.builder()
                .source(() -> {
                    if (reads.incrementAndGet() == 2) {
                        throw new IllegalStateException("no database, once");
                    }
                    return List.of();
                })
                .reloadEvery(Duration.ofSeconds(1))
                .build();
        scene.start(dispatcher);

        await().until(() -> reads.get() >= 3);
        dispatcher.close();

        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("sipproxy-gateways")));
    }

    @Test
    void changedStartStateOfARowCounts() {
        rows.add(row("1", "a").build());
        Dispatcher dispatcher =
                Dispatcher.builder().source(() -> List.copyOf(rows)).build();
        scene.start(dispatcher);
        rows.set(0, row("1", "a").start(Gateway.Start.DISABLED).build());
        dispatcher.reload();
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.DISABLED);

        rows.set(0, row("1", "a").build());
        dispatcher.reload();
        assertThat(status(dispatcher, 0).state()).isEqualTo(MemberState.ACTIVE);
    }

    @Test
    void sourceThatFailsKeepsTheMembersAndPreventsTheStart() {
        boolean[] fails = {false};
        Dispatcher dispatcher = Dispatcher.builder()
                .source(() -> {
                    if (fails[0]) {
                        throw new IllegalStateException("no database");
                    }
                    return List.of(row("1", "a").build());
                })
                .build();
        scene.start(dispatcher);
        fails[0] = true;

        assertThatIllegalStateException().isThrownBy(dispatcher::reload);
        assertThat(dispatcher.status()).hasSize(1);
    }
}
