package org.sipproxy.hosts.all;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.sip.header.FromHeader;
import javax.sip.message.Request;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.GatewaySet;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.micrometer.SipProxyMetrics;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.testkit.Phone;

/** Registers a phone over each transport without TLS, in a proxy with a component of each module. */
public final class AllModules {

    private AllModules() {}

    /** Prints a line for each fact that the test checks. */
    public static void main(String[] args) {
        Module core = SipProxy.class.getModule();
        System.out.println("module " + (core.isNamed() ? core.getName() : "unnamed"));
        System.out.println("schema " + KamailioSchema.sql().contains("CREATE TABLE"));

        MeterRegistry registry = new SimpleMeterRegistry();
        Queue<String> callers = new ConcurrentLinkedQueue<>();
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.parse("udp:127.0.0.1:0"))
                .listen(Endpoint.parse("tcp:127.0.0.1:0"))
                .listen(Endpoint.parse("ws:127.0.0.1:0"))
                .domain("sip.test")
                .authentication(DigestAuthentication.builder()
                        .credentials(InMemoryCredentials.of(Credential.ofPassword("1001", "sip.test", "test1234")))
                        .build())
                .component(AccessList.builder()
                        .defaultPolicy(AccessRule.Action.ALLOW)
                        .build())
                .component(NatTraversal.builder().build())
                .component(Dispatcher.builder()
                        .set(GatewaySet.named("pstn").member("sip:127.0.0.1:9").build())
                        .build())
                .component(SipProxyMetrics.of(registry))
                .beforeRouting(context -> {
                    Request request = context.jain();
                    FromHeader from = (FromHeader) request.getHeader(FromHeader.NAME);
                    callers.add(from.getAddress().getURI().toString());
                    return Verdict.proceed();
                })
                .build()) {
            proxy.start();
            for (TransportKind transport : new TransportKind[] {
                TransportKind.UDP, TransportKind.TCP, TransportKind.WS
            }) {
                try (Phone phone = Phone.builder("1001")
                        .password("test1234")
                        .transport(transport)
                        .proxy(proxy)
                        .open()) {
                    System.out.println(transport + " " + phone.register().statusCode());
                }
            }
            System.out.println("typed " + callers.peek());
            System.out.println("meters " + !registry.getMeters().isEmpty());
        }
    }
}
