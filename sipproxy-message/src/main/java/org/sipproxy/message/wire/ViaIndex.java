package org.sipproxy.message.wire;

/**
 * Positions of the parts of one Via element in its message, in bytes. Ends are exclusive.
 *
 * @param start start of the element
 * @param end end of the header's value, or the comma before the next element
 * @param hostStart start of sent-by
 * @param hostEnd end of the host of sent-by
 * @param parametersStart end of sent-by, including the white space after it
 * @param branchStart start of the value of {@code branch}, -1 if there is none
 * @param branchEnd end of the value of {@code branch}, -1 if there is none
 * @param receivedStart start of the value of {@code received}, -1 if there is none
 * @param receivedEnd end of the value of {@code received}, -1 if there is none
 * @param rportEnd end of {@code rport} and its value, after the equals sign if the value is empty; -1 if there is none
 */
public record ViaIndex(
        int start,
        int end,
        int hostStart,
        int hostEnd,
        int parametersStart,
        int branchStart,
        int branchEnd,
        int receivedStart,
        int receivedEnd,
        int rportEnd) {}
