package org.sipproxy.samples;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.server.JavaProcess;
import org.sipproxy.server.phone.Account;
import org.sipproxy.server.phone.RiPhone;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

@Timeout(120)
class EmbeddedProxyTest {

    @Test
    void registersAPhone() throws Exception {
        try (JavaProcess program = JavaProcess.start(EmbeddedProxy.class, "0")) {
            InetSocketAddress proxy = addressOf(program);

            try (RiPhone phone = RiPhone.open(
                    new Account("1001", "test1234", "sip.test"),
                    proxy.getAddress(),
                    proxy,
                    Duration.ZERO,
                    Duration.ofSeconds(10))) {
                phone.register(Duration.ofHours(1));
            }
        }
    }

    @Test
    void forksACallToBothPhonesOfAUserAndCancelsTheOther() throws Exception {
        try (JavaProcess program = JavaProcess.start(EmbeddedProxy.class, "0")) {
            InetSocketAddress proxy = addressOf(program);
            try (Phone desk = phone("1001", proxy);
                    Phone mobile = phone("1001", proxy);
                    Phone caller = phone("1002", proxy)) {
                OutgoingCall calling = caller.call("1001");
                IncomingCall onTheDesk = desk.awaitCall().ring();
                IncomingCall onTheMobile = mobile.awaitCall().ring();
                onTheDesk.answer();

                calling.awaitAnswer();
                onTheMobile.awaitCancel();
                calling.hangUp();
                onTheDesk.awaitHangUp();
            }
        }
    }

    private static InetSocketAddress addressOf(JavaProcess program) throws InterruptedException {
        String serving = program.awaitLine("serving sip.test on");
        int port = Integer.parseInt(serving.replaceFirst(".*?127\\.0\\.0\\.1:(\\d+).*", "$1"));
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static Phone phone(String user, InetSocketAddress proxy) {
        Phone phone = Phone.builder(user).password("test1234").proxy(proxy).open();
        phone.register();
        return phone;
    }
}
