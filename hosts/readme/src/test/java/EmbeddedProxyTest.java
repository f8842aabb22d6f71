import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

/** The program of the README, built with the XML of the README: phones register and call. */
@Timeout(60)
class EmbeddedProxyTest {

    @Test
    void phonesRegisterAndCall() throws Exception {
        PrintStream console = System.out;
        CompletableFuture<String> serving = new CompletableFuture<>();
        System.setOut(new PrintStream(console, true, StandardCharsets.UTF_8) {
            @Override
            public void println(String line) {
                super.println(line);
                serving.complete(line);
            }
        });
        Thread program = new Thread(() -> {
            try {
                EmbeddedProxy.main(new String[] {"0"});
            } catch (InterruptedException e) {
                // the end of the test; the program has closed its proxy
            } catch (Throwable e) {
                serving.completeExceptionally(e);
            }
        });
        program.start();
        try {
            int port = Integer.parseInt(serving.get().replaceFirst(".*127\\.0\\.0\\.1:(\\d+).*", "$1"));
            InetSocketAddress proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            try (Phone callee = Phone.builder("1001").password("test1234").proxy(proxy).open();
                    Phone caller = Phone.builder("1002").password("test1234").proxy(proxy).open()) {
                assertEquals(200, callee.register().statusCode());
                caller.register();

                OutgoingCall calling = caller.call("1001");
                IncomingCall called = callee.awaitCall().ring().answer();
                calling.awaitAnswer().hangUp();
                called.awaitHangUp();
            }
        } finally {
            System.setOut(console);
            program.interrupt();
            program.join();
        }
    }
}
