/** What a shell is given once; it then asks the program (`__complete WORDS`) at every Tab. `:files` stands for names of files. */
export const COMPLETION_SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_modeldeployment() {
  local IFS=$'\\n'
  local answer=($(modeldeployment __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [[ \${answer[0]} == ":files" ]]; then
    compopt -o default
    COMPREPLY=()
  else
    COMPREPLY=("\${answer[@]}")
  fi
}
complete -F _modeldeployment modeldeployment
`,
  zsh: `#compdef modeldeployment
_modeldeployment() {
  local -a answer
  answer=("\${(@f)$(modeldeployment __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $answer[1] == ":files" ]]; then
    _files
  else
    compadd -- $answer
  fi
}
compdef _modeldeployment modeldeployment
`,
  fish: `function __modeldeployment_complete
  set -l words (commandline --tokens-expanded --cut-at-cursor 2>/dev/null; or commandline -opc)
  set -l answer (modeldeployment __complete $words[2..] (commandline --current-token) 2>/dev/null)
  if test "$answer[1]" = ":files"
    __fish_complete_path (commandline --current-token)
  else
    printf '%s\\n' $answer
  end
end
complete --command modeldeployment --no-files --arguments '(__modeldeployment_complete)'
`,
};
