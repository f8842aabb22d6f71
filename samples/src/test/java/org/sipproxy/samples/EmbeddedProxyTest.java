package org.sipproxy.samples;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.server.JavaProcess;
import org.sipproxy.server.phone.Account;
import org.sipproxy.server.phone.RiPhone;

@Timeout(120)
class EmbeddedProxyTest {

    @Test
    void registersAPhone() throws Exception {
        try (JavaProcess program = JavaProcess.start(EmbeddedProxy.class, "0")) {
            String serving = program.awaitLine("serving sip.test on");
            int port = Integer.parseInt(serving.replaceFirst(".*?127\\.0\\.0\\.1:(\\d+).*", "$1"));
            InetAddress host = InetAddress.getLoopbackAddress();

            try (RiPhone phone = RiPhone.open(
                    new Account("1001", "test1234", "sip.test"),
                    host,
                    new InetSocketAddress(host, port),
                    Duration.ZERO,
                    Duration.ofSeconds(10))) {
                phone.register(Duration.ofHours(1));
            }
        }
    }
}
