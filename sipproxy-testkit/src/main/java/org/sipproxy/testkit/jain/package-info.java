/**
 * For tests of an application that uses the JAIN-SIP reference implementation: {@link
 * org.sipproxy.testkit.jain.RiStackLogger}. The rest of the testkit does not need that implementation.
 */
@NullMarked
package org.sipproxy.testkit.jain;

import org.jspecify.annotations.NullMarked;
