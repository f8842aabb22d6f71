package org.sipproxy.nat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;

/**
 * A proxy with NAT traversal as a program for a network namespace: {@code IP:PORT PING-SECONDS}. Ends with its standard
 * input.
 */
final class ProxyProcess {

    private ProxyProcess() {}

    public static void main(String[] args) throws Exception {
        NatTraversal nat = NatTraversal.builder()
                .ping(PingMethod.OPTIONS, Duration.ofSeconds(Integer.parseInt(args[1])))
                .build();
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.parse("udp:" + args[0]))
                .domain("sip.test")
                .noAuthentication()
                .component(nat)
                .build()) {
            proxy.start();
            System.out.println("ok ready");
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
                System.out.println("ok " + nat.statistics());
                System.out.flush();
            }
        }
    }
}
