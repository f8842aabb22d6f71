/**
 * AssertJ assertions for calls and for the messages on the wire. Start with
 * {@link org.sipproxy.testkit.assertj.SipAssertions}. Needs {@code assertj-core}, which {@code sipproxy-testkit} does
 * not bring.
 */
@NullMarked
package org.sipproxy.testkit.assertj;

import org.jspecify.annotations.NullMarked;
