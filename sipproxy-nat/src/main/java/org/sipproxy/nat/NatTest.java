package org.sipproxy.nat;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;

/**
 * A sign that the sender of a message is behind a NAT. A sender is treated as behind a NAT if any of the chosen signs
 * is present.
 *
 * <p>The bits are those of Kamailio's {@code nat_uac_test}, see {@link #fromKamailioFlags}.
 * {@link NatTraversal.Builder#privateNetwork} sets which addresses are private.
 */
public enum NatTest {
    /** The host of the Contact URI is a private address. Bit 1. */
    PRIVATE_CONTACT(1),
    /** The source address differs from the host of the topmost Via; a host name always differs. Bit 2. */
    VIA_ADDRESS_MISMATCH(2),
    /** The host of the topmost Via is a private address. Bit 4. */
    PRIVATE_VIA(4),
    /** A connection address of the SDP is private. Bit 8. */
    PRIVATE_SDP(8),
    /**
     * The source port differs from that of the topmost Via (5060 if the Via has no port). Bit 16. Over a stream the
     * source port always differs; the sign then counts only if the host of the Contact is the source address, to which
     * a new connection can be opened.
     */
    VIA_PORT_MISMATCH(16),
    /** The source address itself is private. Bit 32. */
    PRIVATE_SOURCE(32),
    /** The message arrived over WebSocket: no connection can be opened to a browser. Bit 64. */
    WEBSOCKET(64),
    /**
     * The source port differs from that of the Contact URI (5060 if the URI has no port). Bit 128. Over a stream as for
     * {@link #VIA_PORT_MISMATCH}.
     */
    CONTACT_PORT_MISMATCH(128),
    /** A connection address of the SDP differs from the source address. Bit 256. */
    SDP_MISMATCH(256),
    /**
     * The host of the Contact URI is an address other than the source, or ends in {@code .invalid}. Kamailio has no bit
     * for it. It also matches a peer that receives its calls at another of its addresses.
     */
    CONTACT_ADDRESS_MISMATCH(1 << 16);

    /** {@link #PRIVATE_CONTACT}, {@link #VIA_ADDRESS_MISMATCH}, {@link #VIA_PORT_MISMATCH}, {@link #WEBSOCKET}. */
    public static final Set<NatTest> DEFAULT =
            Set.of(PRIVATE_CONTACT, VIA_ADDRESS_MISMATCH, VIA_PORT_MISMATCH, WEBSOCKET);

    private static final int KNOWN_FLAGS = 511;

    private final int flag;

    NatTest(int flag) {
        this.flag = flag;
    }

    /** Returns the bit of this test; no other test has it. */
    int mask() {
        return flag;
    }

    /** Returns the name as used on a command line, such as {@code private-contact}. */
    public String optionName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Returns the tests that a sum of Kamailio's {@code nat_uac_test} flags stands for; 19 is the usual sum.
     *
     * @throws ConfigurationException if the sum is not from 1 to 511. Flag 512 compares a message with the
     *     destination set by a routing script, which this proxy does not have.
     */
    public static Set<NatTest> fromKamailioFlags(int flags) {
        if (flags < 1 || flags > KNOWN_FLAGS) {
            throw new ConfigurationException(ConfigurationProblem.of(
                    "tests",
                    Integer.toString(flags),
                    "expected 1 to " + KNOWN_FLAGS
                            + ", a sum of nat_uac_test flags without 512, which compares with a script's destination",
                    ""));
        }
        Set<NatTest> tests = EnumSet.noneOf(NatTest.class);
        for (NatTest test : values()) {
            if ((flags & test.flag) != 0) {
                tests.add(test);
            }
        }
        return tests;
    }
}
