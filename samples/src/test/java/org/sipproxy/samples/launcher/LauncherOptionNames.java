package org.sipproxy.samples.launcher;

import java.util.List;
import picocli.CommandLine;

/** Names of the launcher's options, for tests of other packages. */
public final class LauncherOptionNames {

    private LauncherOptionNames() {}

    /** Returns the options of {@code run}, without those for help. */
    public static List<String> ofRun() {
        return new CommandLine(new RunCommand())
                .getCommandSpec().options().stream()
                        .filter(option -> !option.usageHelp() && !option.versionHelp())
                        .map(option -> option.longestName())
                        .toList();
    }
}
