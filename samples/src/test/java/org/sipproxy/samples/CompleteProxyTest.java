package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Rows;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.NatKind;
import org.sipproxy.testkit.NatRouter;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

@Timeout(120)
class CompleteProxyTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.empty();

    @Test
    void phonesRegisterAndCallEachOtherAndTheDatabaseHasItAll() {
        try (SipProxy proxy = create()) {
            Subscribers.in(postgres.dataSource()).add("1001", "sip.test", "test1001");
            Subscribers.in(postgres.dataSource()).add("1002", "sip.test", "test1002");
            proxy.start();
            try (NatRouter nat = NatRouter.of(NatKind.PORT_RESTRICTED);
                    Phone home =
                            phone("1001", proxy, TransportKind.UDP).behind(nat).open();
                    Phone guess = phone("1001", proxy, TransportKind.UDP)
                            .password("guess")
                            .open();
                    Phone office = phone("1002", proxy, TransportKind.TCP).open()) {
                assertThat(guess.tryRegister(Duration.ofMinutes(5), parts -> {}).statusCode())
                        .isEqualTo(401);
                home.register();
                office.register();
                call(office, home);
                call(home, office);
            }
        }

        assertThat(
                        Rows.of(
                                postgres.dataSource(),
                                "SELECT username, contact LIKE '%@192.168.%' AND received LIKE 'sip:127.0.0.1:%' FROM location"))
                .containsExactlyInAnyOrder("1001|t", "1002|f");
        assertThat(Rows.of(postgres.dataSource(), "SELECT src_user, dst_user FROM acc_cdrs"))
                .containsExactlyInAnyOrder("1002|1001", "1001|1002");
        try (SipProxy next = create()) {
            next.start();
            assertThat(next.locationStore().lookup(new Aor("1001", "sip.test"))).hasSize(1);
            assertThat(next.locationStore().lookup(new Aor("1002", "sip.test"))).hasSize(1);
        }
    }

    private static SipProxy create() {
        return CompleteProxy.create(postgres.dataSource(), Endpoint.udp("127.0.0.1", 0), Endpoint.tcp("127.0.0.1", 0));
    }

    private static Phone.Builder phone(String user, SipProxy proxy, TransportKind transport) {
        int port = proxy.boundEndpoints().stream()
                .filter(endpoint -> endpoint.kind() == transport)
                .findFirst()
                .orElseThrow()
                .port();
        return Phone.builder(user)
                .domain("sip.test")
                .password("test" + user)
                .transport(transport)
                .proxy(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    private static void call(Phone caller, Phone callee) {
        OutgoingCall calling = caller.call(callee.user());
        IncomingCall called = callee.awaitCall().ring().answer();
        calling.awaitAnswer().hangUp();
        called.awaitHangUp();
    }
}
