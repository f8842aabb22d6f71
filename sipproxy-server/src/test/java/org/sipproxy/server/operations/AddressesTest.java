package org.sipproxy.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Addresses as operators read them. */
class AddressesTest {

    @ParameterizedTest
    @CsvSource({"192.0.2.7, 192.0.2.7:5060", "2001:DB8:0:0:0:0:0:7, [2001:db8::7]:5060", "::1, [::1]:5060"})
    void addressIsWrittenAsInMessages(String host, String text) throws Exception {
        assertThat(Addresses.text(new InetSocketAddress(InetAddress.getByName(host), 5060)))
                .isEqualTo(text);
    }
}
