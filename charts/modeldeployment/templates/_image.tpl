{{/* The reference of an image: (dict "root" $ "name" "operator"). */}}
{{- define "modeldeployment.image" -}}
{{- $image := .root.Values.image -}}
{{- $registry := ternary (printf "%s/" (trimSuffix "/" $image.registry)) "" (ne $image.registry "") -}}
{{- $released := printf "%smodeldeployment-%s:%s" $registry .name (default .root.Chart.AppVersion $image.tag) -}}
{{- default $released (get $image .name) -}}
{{- end -}}
