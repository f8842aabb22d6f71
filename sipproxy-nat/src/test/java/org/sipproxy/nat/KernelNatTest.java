package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.nat.Namespaces.Kind;
import org.sipproxy.nat.Namespaces.Program;

/**
 * The kernel's NAT in network namespaces. Skipped if those are not permitted or {@code ip}, {@code nft},
 * {@code conntrack} or {@code sysctl} is missing; {@link NatCallTest} then covers the same over a simulated NAT.
 */
@Tag("namespaces")
@Timeout(180)
class KernelNatTest {

    /** {@code -Dnat.calls=100} selects the long run. */
    private static final int CALLS = Integer.getInteger("nat.calls", 5);

    @BeforeAll
    static void namespacesArePermitted() {
        Optional<String> obstacle = Namespaces.obstacle();
        assumeTrue(obstacle.isEmpty(), () -> "no kernel NAT: " + obstacle.orElse(""));
    }

    /** Makes one call with a re-INVITE from each side; the caller or the callee hangs up. */
    private static void call(
            Program caller, String calledUser, Program called, boolean callerHangsUp, Runnable meanwhile) {
        caller.say("call " + calledUser);
        called.say("incoming");
        caller.say("reinvite");
        meanwhile.run();
        called.say("reinvite");
        (callerHangsUp ? caller : called).say("hangup");
        (callerHangsUp ? called : caller).say("ended");
    }

    private static void assertNoComplaints(Program... phones) {
        for (Program phone : phones) {
            assertThat(phone.say("complaints")).isEqualTo("0 []");
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void phonesCallEachOtherLongAfterTheirMappingsWouldHaveExpired(Kind kind) {
        try (Namespaces net = new Namespaces(kind, 3)) {
            net.start("p", ProxyProcess.class, Namespaces.PROXY, "1");
            Program alice = net.start("a", PhoneProcess.class, "alice", Namespaces.PHONE, Namespaces.PROXY);
            Program bob = net.start("b", PhoneProcess.class, "bob", Namespaces.PHONE, Namespaces.PROXY);
            alice.say("register 300");
            bob.say("register 300");

            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Integer.parseInt(alice.say("pinged")) >= 5);

            for (int i = 0; i < 4; i++) {
                call(alice, "bob", bob, i % 2 == 0, () -> {});
                call(bob, "alice", alice, i % 2 == 0, () -> {});
            }
            assertNoComplaints(alice, bob);
        }
    }

    @Test
    void noCallIsLostBetweenSymmetricNats() {
        try (Namespaces net = new Namespaces(Kind.SYMMETRIC, 5)) {
            Program proxy = net.start("p", ProxyProcess.class, Namespaces.PROXY, "2");
            Program alice = net.start("a", PhoneProcess.class, "alice", Namespaces.PHONE, Namespaces.PROXY);
            Program bob = net.start("b", PhoneProcess.class, "bob", Namespaces.PHONE, Namespaces.PROXY);
            alice.say("register 600");
            bob.say("register 600");

            for (int i = 0; i < CALLS; i++) {
                call(alice, "bob", bob, i % 2 == 0, () -> {});
                call(bob, "alice", alice, i % 2 == 0, () -> {});
            }
            assertNoComplaints(alice, bob);
            System.out.println(2 * CALLS + " calls between symmetric NATs, none lost; " + proxy.say("statistics"));
        }
    }

    @Test
    void noCallIsLostWhenARouterLosesItsMappingsDuringTheCall() {
        try (Namespaces net = new Namespaces(Kind.SYMMETRIC, 5)) {
            Program proxy = net.start("p", ProxyProcess.class, Namespaces.PROXY, "2");
            Program alice = net.start("a", PhoneProcess.class, "alice", Namespaces.PHONE, Namespaces.PROXY);
            Program bob = net.start("b", PhoneProcess.class, "bob", Namespaces.PHONE, Namespaces.PROXY);
            alice.say("watch");
            bob.say("watch");

            int changed = 0;
            for (int i = 0; i < CALLS; i++) {
                String side = i % 4 < 2 ? "a" : "b";
                Program flushed = side.equals("a") ? alice : bob;
                boolean[] seen = new boolean[1];
                Runnable reboot = () -> {
                    net.reboot(side);
                    seen[0] = flushed.say("watch").equals("changed");
                };
                call(alice, "bob", bob, i % 2 == 0, reboot);
                changed += seen[0] ? 1 : 0;
                call(bob, "alice", alice, i % 2 == 0, reboot);
                changed += seen[0] ? 1 : 0;
            }
            assertNoComplaints(alice, bob);
            assertThat(changed).as("mappings that changed").isGreaterThanOrEqualTo(2 * CALLS - CALLS / 10);
            System.out.println(2 * CALLS + " calls, each with its router's mapping flushed (" + changed
                    + " changed), none lost; " + proxy.say("statistics"));
        }
    }
}
