package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.testkit.Phone;

@Timeout(120)
class DailyTasksTest {

    @RegisterExtension
    static final PostgresFixture postgres = PostgresFixture.withSchema();

    @Test
    void aUserIsAddedSeenAndRemoved() {
        DataSource database = postgres.dataSource();
        DailyTasks.add(database, "1003", "first");
        DailyTasks.passwd(database, "1003", "second");
        try (SipProxy proxy = StorageModes.create(Endpoint.udp("127.0.0.1", 0), database, 1)) {
            proxy.start();
            try (Phone phone = Phone.builder("1003")
                    .domain("sip.test")
                    .password("second")
                    .proxy(new InetSocketAddress(
                            InetAddress.getLoopbackAddress(),
                            proxy.boundEndpoints().get(0).port()))
                    .open()) {
                phone.register();

                assertThat(DailyTasks.show(proxy, "1003"))
                        .singleElement()
                        .satisfies(binding -> assertThat(phone.contact())
                                .contains(binding.contact().toString()));
                assertThat(DailyTasks.showAll(proxy)).singleElement().asString().startsWith("sip:1003@sip.test ");
                assertThat(DailyTasks.figures(proxy)).startsWith("2 requests");
                assertThat(DailyTasks.problems(proxy, database)).isEmpty();
            }
            DailyTasks.rm(database, "1003");

            assertThat(Subscribers.in(database).find("1003")).isEmpty();
        }
    }
}
