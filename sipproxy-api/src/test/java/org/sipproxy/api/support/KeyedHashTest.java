package org.sipproxy.api.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyedHashTest {

    private static byte[] counting(int length) {
        byte[] a = new byte[length];
        for (int i = 0; i < length; i++) {
            a[i] = (byte) i;
        }
        return a;
    }

    /** Test vectors of the reference implementation, for the key 00 01 .. 0f and the text 00 01 .. length - 1. */
    @ParameterizedTest
    @CsvSource({
        "0, 726fdb47dd0e0e31",
        "1, 74f839c593dc67fd",
        "8, 93f5f5799a932462",
        "15, a129ca6149be45e5",
    })
    void matchesTheReferenceVectors(int length, String expected) {
        KeyedHash hash = KeyedHash.ofKey(counting(16));

        assertThat(Long.toHexString(hash.hash(counting(length), 0, length))).isEqualTo(expected);
    }

    @Test
    void chainedHashEqualsTheHashOfEarlierHashAndText() {
        KeyedHash hash = KeyedHash.ofKey(counting(16));

        assertThat(hash.hash(0x0706050403020100L, counting(15), 8, 15)).isEqualTo(hash.hash(counting(15), 0, 15));
    }

    @Test
    void hashDependsOnSecretAndPurpose() {
        byte[] text = counting(20);
        long hash = KeyedHash.of(new byte[16], "routes").hash(text, 0, 20);

        assertThat(KeyedHash.of(new byte[16], "routes").hash(text, 0, 20)).isEqualTo(hash);
        assertThat(KeyedHash.of(new byte[16], "nonces").hash(text, 0, 20)).isNotEqualTo(hash);
        assertThat(KeyedHash.of(new byte[17], "routes").hash(text, 0, 20)).isNotEqualTo(hash);
        assertThat(KeyedHash.random().hash(text, 0, 20)).isNotEqualTo(hash);
    }

    @Test
    void shortSecretIsRejected() {
        assertThatThrownBy(() -> KeyedHash.of(new byte[15], "routes")).hasMessageContaining("15 bytes");
    }
}
