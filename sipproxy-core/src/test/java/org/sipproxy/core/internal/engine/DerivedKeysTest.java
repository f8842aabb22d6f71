package org.sipproxy.core.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class DerivedKeysTest {

    private static final byte[] SECRET = new byte[32];

    /** Expected value from another implementation of HKDF. A different key would end every call at an upgrade. */
    @Test
    void theKeyOfASecretAndAPurposeStaysTheSame() {
        assertThat(HexFormat.of().formatHex(new DerivedKeys(SECRET).of("record-route")))
                .isEqualTo("4c444ed6b28b24874bea90cf2337174ef93b8afbee44e3a605752f72c024c6af");
    }

    @Test
    void otherPurposesAndSecretsHaveOtherKeys() {
        byte[] key = new DerivedKeys(SECRET).of("record-route");

        assertThat(new DerivedKeys(SECRET).of("contact alias")).isNotEqualTo(key);
        assertThat(new DerivedKeys("another secret".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                        .of("record-route"))
                .isNotEqualTo(key);
        assertThat(new DerivedKeys(null).of("record-route")).isNotEqualTo(new DerivedKeys(null).of("record-route"));
    }

    @Test
    void aPurposeHasToBeNamed() {
        assertThatThrownBy(() -> new DerivedKeys(SECRET).of("")).hasMessageContaining("purpose: empty");
    }
}
