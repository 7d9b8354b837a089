# Completion of kfleet in fish. What stands on the line is handed to kfleet, which knows its commands and asks the cluster
# on the line for names of topics, groups, brokers and settings.

function __kfleet_complete
    set -l kfleet (commandline -opc)[1]
    type -q -- "$kfleet"; or set kfleet kfleet
    set -l line (commandline -pc | string collect)
    set -l lines ($kfleet complete fish -- "$line" </dev/null 2>/dev/null)
    if test "$lines[1]" = files
        set -l token (commandline -ct)
        set -l flag (string match -r -- '^--[^=]*=' "$token")
        for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' "$token"))
            printf '%s%s\n' "$flag" "$path"
        end
    else
        printf '%s\n' $lines[2..-1]
    end
end

complete -c kfleet -f -k -a '(__kfleet_complete)'
