package org.sipproxy.core.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.options.StreamLimits;

class ConnectionBudgetTest {

    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger evicted = new AtomicInteger();
    private ConnectionBudget budget = new ConnectionBudget(StreamLimits.DEFAULT, nanos::get);

    /** One accepted connection and its place. */
    private static final class Client {

        ConnectionBudget.@Nullable Place place;
        volatile boolean isEvicted;
    }

    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private Client connect(String from) {
        Client client = new Client();
        client.place = budget.accept(address(from), () -> {
            client.isEvicted = true;
            evicted.incrementAndGet();
        });
        return client;
    }

    private Client connected(String from) {
        Client client = connect(from);
        assertThat(client.place).as("a place for %s", from).isNotNull();
        return client;
    }

    private Client heard(String from) {
        Client client = connected(from);
        budget.received(client.place);
        return client;
    }

    private Client proven(String from) {
        Client client = heard(from);
        budget.proven(client.place);
        return client;
    }

    private static StreamLimits limits(int connections, int perSource) {
        return StreamLimits.builder()
                .connections(connections)
                .connectionsPerSource(perSource)
                .build();
    }

    @Test
    void addressesOfOneNetworkOf64BitsAreOneSource() {
        for (int host = 1; host <= 11; host++) {
            for (int i = 0; i < 1_000; i++) {
                connected("2001:db8::" + host);
            }
        }

        assertThat(budget.open()).isEqualTo(1_000);
        assertThat(budget.sources()).isOne();
        assertThat(connected("2001:db8:0:1::1").isEvicted).isFalse();
        assertThat(connected("192.0.2.1").isEvicted).isFalse();
    }

    @Test
    void floodFromTenAddressesLosesItsOwnConnections() {
        Client before = heard("198.51.100.7");
        for (int i = 0; i < 10_000; i++) {
            connected("203.0.113." + i % 10);
        }
        Client during = connected("198.51.100.8");
        for (int i = 0; i < 10_000; i++) {
            connected("203.0.113." + i % 10);
        }

        assertThat(budget.open()).as("three quarters are open to strangers").isEqualTo(7_500);
        assertThat(before.isEvicted).isFalse();
        assertThat(during.isEvicted).isFalse();
    }

    @Test
    void floodFromTwoHundredAddressesThatSendsAMessageEachLosesItsOwnConnections() {
        Client before = connected("198.51.100.7");
        for (int i = 0; i < 10_000; i++) {
            heard("203.0.113." + i % 200);
        }
        Client during = connected("198.51.100.8");
        for (int i = 0; i < 10_000; i++) {
            heard("203.0.113." + i % 200);
        }

        assertThat(before.isEvicted).isFalse();
        assertThat(during.isEvicted).isFalse();
    }

    @Test
    void floodFromMoreNetworksThanPlacesLeavesAnHonestClientTimeForItsProof() {
        for (int i = 0; i < 20_000; i++) {
            connected("2001:db8:" + Integer.toHexString(i / 100) + ":" + i % 100 + "::1");
        }
        Client honest = connected("192.0.2.1");
        for (int i = 0; i < 7_000; i++) {
            connected("2001:db9:" + Integer.toHexString(i / 100) + ":" + i % 100 + "::1");
        }
        assertThat(honest.isEvicted).isFalse();

        budget.proven(honest.place);
        for (int i = 0; i < 20_000; i++) {
            connected("2001:dba:" + Integer.toHexString(i / 100) + ":" + i % 100 + "::1");
        }

        assertThat(honest.isEvicted).isFalse();
    }

    @Test
    void knownSourceHasPlacesThatStrangersCannotTake() {
        budget = new ConnectionBudget(limits(100, 100), nanos::get);
        Client phone = proven("192.0.2.1");
        budget.release(phone.place);
        for (int i = 0; i < 1_000; i++) {
            connected("203.0.113." + i % 250);
        }
        int before = evicted.get();

        Client again = connected("192.0.2.1");

        assertThat(budget.open()).isEqualTo(76);
        assertThat(evicted.get()).as("no connection was evicted").isEqualTo(before);
        assertThat(again.isEvicted).isFalse();
    }

    @Test
    void strangersCannotEvictAnUnprovenConnectionOfAKnownSource() {
        budget = new ConnectionBudget(limits(8, 8), nanos::get);
        proven("192.0.2.1");
        Client second = connected("192.0.2.1");
        for (int i = 0; i < 100; i++) {
            connected("203.0.113." + i);
        }

        assertThat(second.isEvicted).isFalse();
    }

    @Test
    void sourceIsKnownForAnHourAfterItsProof() {
        budget = new ConnectionBudget(limits(4, 4), nanos::get);
        Client phone = proven("192.0.2.1");
        budget.release(phone.place);
        nanos.addAndGet(Duration.ofMinutes(61).toNanos());
        for (int i = 0; i < 3; i++) {
            connected("203.0.113." + i);
        }

        connected("192.0.2.1");

        assertThat(budget.open()).as("the fourth place is for known sources").isEqualTo(3);
    }

    @Test
    void knownPhoneIsAcceptedAlthoughItsNeighbourFillsTheSource() {
        Client phone = proven("192.0.2.1");
        for (int i = 0; i < 5_000; i++) {
            heard("192.0.2.1");
        }

        Client again = connected("192.0.2.1");
        budget.proven(again.place);
        for (int i = 0; i < 5_000; i++) {
            connected("192.0.2.1");
        }

        assertThat(phone.isEvicted).isFalse();
        assertThat(again.isEvicted).isFalse();
        assertThat(budget.open()).isEqualTo(1_000);
    }

    @Test
    void provenConnectionsAreNeverEvicted() {
        budget = new ConnectionBudget(limits(100, 3), nanos::get);
        for (int i = 0; i < 3; i++) {
            proven("192.0.2.1");
        }

        assertThat(connect("192.0.2.1").place).isNull();
        assertThat(evicted).hasValue(0);
    }

    @Test
    void openedAndAcceptedConnectionsCannotStarveEachOther() {
        budget = new ConnectionBudget(limits(80, 80), nanos::get);
        for (int i = 0; i < 200; i++) {
            connect("192.0.2." + i);
            Client client = connect("198.51.100." + i);
            if (client.place != null) {
                budget.proven(client.place);
            }
        }
        assertThat(budget.open()).isEqualTo(70);

        int made = 0;
        while (made < 200 && budget.takeMade()) {
            made++;
        }
        assertThat(made).as("the eighth that accepted connections cannot use").isEqualTo(10);

        budget = new ConnectionBudget(limits(80, 80), nanos::get);
        made = 0;
        while (made < 200 && budget.takeMade()) {
            made++;
        }
        assertThat(made).isEqualTo(70);
        assertThat(connected("192.0.2.1").isEvicted).isFalse();
    }

    @Test
    void connectionOpenedByTheProxyTakesThePlaceOfAStranger() {
        budget = new ConnectionBudget(limits(8, 8), nanos::get);
        proven("192.0.2.1");
        for (int i = 0; i < 6; i++) {
            connected("203.0.113." + i);
        }
        assertThat(budget.takeMade()).isTrue();
        assertThat(evicted).hasValue(0);

        assertThat(budget.takeMade()).isTrue();

        assertThat(evicted).hasValue(1);
        assertThat(budget.open()).isEqualTo(8);
    }

    @Test
    void smallLimitsReserveNothing() {
        budget = new ConnectionBudget(limits(2, 2), nanos::get);

        connected("192.0.2.1");
        connected("192.0.2.2");

        assertThat(evicted).hasValue(0);
        assertThat(budget.open()).isEqualTo(2);
    }

    @Test
    void countsAreRightWhateverHappens() {
        budget = new ConnectionBudget(limits(40, 12), nanos::get);
        Random random = new Random(42);
        List<Client> open = new ArrayList<>();
        for (int step = 0; step < 100_000; step++) {
            open.removeIf(client -> client.isEvicted);
            int what = random.nextInt(10);
            if (what < 5 || open.isEmpty()) {
                Client client = connect("192.0.2." + random.nextInt(6));
                if (client.place != null) {
                    open.add(client);
                }
            } else {
                Client client = open.get(random.nextInt(open.size()));
                switch (what) {
                    case 5, 6 -> budget.received(client.place);
                    case 7 -> budget.proven(client.place);
                    default -> {
                        budget.release(client.place);
                        budget.release(client.place);
                        open.remove(client);
                    }
                }
            }
            if (random.nextInt(1_000) == 0) {
                nanos.addAndGet(Duration.ofHours(2).toNanos());
            }
            open.removeIf(client -> client.isEvicted);
            assertThat(budget.open()).isEqualTo(open.size()).isLessThanOrEqualTo(40);
        }
        open.forEach(client -> budget.release(client.place));

        assertThat(budget.open()).isZero();
        assertThat(budget.unproven()).isZero();
        assertThat(budget.sources()).isZero();
    }
}
